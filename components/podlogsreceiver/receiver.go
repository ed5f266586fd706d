// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/hints"
	"github.com/tributary-otel/tributary/components/internal/multiline"
	"github.com/tributary-otel/tributary/components/internal/outlet"
	"github.com/tributary-otel/tributary/components/internal/runtimelog"
	"github.com/tributary-otel/tributary/components/internal/spill"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// podLogs is the receiver. One goroutine reads all files and fills the batches; what
// it uses needs no lock.
type podLogs struct {
	config  *Config
	set     receiver.Settings
	choice  choice
	window  *delivery.Window[reached]
	sender  *delivery.Sender[reached, lines]
	outlet  *outlet.Outlet
	tail    *tail.Tail
	marks   *marks
	trouble *trouble
	roster  *roster
	metrics *metrics
	spilled *spill.Store

	// Of the goroutine that reads.
	batch  batch
	parser runtimelog.Parser
	limits *limits
	clock  func() time.Time
	rule   *multiline.Rule
	// open are the records that may go on.
	open map[*compound]struct{}
	// joins and compounds wait to be used again, as does the memory of a line that is
	// looked at.
	joins     []*join
	compounds []*compound
	looked    []byte

	order order
	// pending counts the batches that are sent and not acknowledged.
	pending atomic.Int64
	// sent is when the last one was sent, held whether reading waits for time to pass.
	sent time.Time
	held bool
	// room gets a signal when something may be read that had to wait.
	room chan struct{}

	stop    context.CancelFunc
	running sync.WaitGroup
	once    sync.Once
	stopErr error
}

var (
	_ receiver.Logs = (*podLogs)(nil)
	_ tail.Consumer = (*podLogs)(nil)
)

func newReceiver(set receiver.Settings, config *Config, next consumer.Logs) (*podLogs, error) {
	rule, err := config.Multiline.rule()
	if err != nil {
		return nil, err
	}
	out, err := outlet.New(outlet.Options{Settings: set, Next: next, Where: "the log files", DeadLetter: config.DeadLetter})
	if err != nil {
		return nil, err
	}
	r := &podLogs{
		config: config, set: set, outlet: out, room: make(chan struct{}, 1), rule: rule, open: map[*compound]struct{}{},
		choice:  newChoice(config.Include, config.Exclude),
		trouble: newTrouble(set.Logger, &out.Health),
		limits:  newLimits(config.RateLimit),
		clock:   time.Now,
		window: delivery.NewWindow[reached](delivery.Limits{
			MaxBytes: config.InFlight.MaxBytes, MaxBytesPerSource: config.InFlight.MaxBytesPerFile,
		}),
	}
	r.roster = newRoster(config, r.trouble)
	if config.ExcludeSelf {
		r.choice.self = self(os.Getenv, "/proc/self/mountinfo")
	}
	r.batch = batch{limits: config.Batch, inBytes: config.InvalidUTF8 == utf8Bytes}
	r.batch.next(r.window.NewBatch())
	return r, nil
}

// Start reads the positions and begins. A folder that cannot be read is reported, and
// tried again: it does not keep the collector from starting.
func (r *podLogs) Start(ctx context.Context, host component.Host) error {
	if tail.OS == nil {
		return errors.New("container logs of Kubernetes are not read on this system")
	}
	r.outlet.Health.Start(host)
	var err error
	if err = r.roster.find(host, r.config.metadata()); err != nil {
		return err
	}
	if r.config.metadata() != nil && slices.Contains(r.config.Annotations.Allow, hints.RateLimit) {
		r.limits.own = r.roster.limit
	}
	if r.marks, err = openMarks(ctx, host, r.set, r.config.Storage); err != nil {
		return err
	}
	if folder := outlet.Place(r.config.Spill.Directory, spillFolder, r.set.ID, ""); folder != "" {
		r.spilled = spill.Open(folder, r.config.Spill.MaxBytes)
	}
	r.sender = delivery.NewSender(r.window, delivery.Options[lines]{
		Send: r.send, Judge: outlet.Judge, DeadLetter: r.deadLetter,
		Done: func(l lines) {
			r.order.leave(l)
			r.pending.Add(-1)
			r.wake()
		},
	})
	r.tail = tail.New(tail.Options{
		Root: r.config.Path, LinkTargets: r.config.LinkTargets, FromEnd: r.config.StartAt == startAtEnd && r.marks.empty(),
		MaxAge: r.config.MaxAge, MaxLineBytes: r.config.MaxLineBytes, PollInterval: r.config.PollInterval,
		Room: r.room, Marks: r.marks.read, Spill: r.spilled,
	}, r)
	if r.metrics, err = newMetrics(r); err != nil {
		return errors.Join(err, r.marks.close(ctx))
	}
	r.roster.subscribe()
	run, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.marks.start(r.tail, r.config.InFlight.MaxBytes/4)
	r.running.Go(func() { r.tail.Run(run) })
	r.running.Go(func() { r.passOn(run) })
	r.set.Logger.Info("Reading container logs", zap.String("path", r.config.Path), zap.Int("containers_known", r.marks.known))
	return nil
}

// passOn turns the signals of the window, and of what knows the pods, into those that tail waits
// for.
func (r *podLogs) passOn(ctx context.Context) {
	changes := r.roster.signal()
	for {
		select {
		case <-r.window.Room():
			r.wake()
		case <-changes:
			r.roster.changed.Store(true)
			r.wake()
		case <-ctx.Done():
			return
		}
	}
}

func (r *podLogs) wake() {
	select {
	case r.room <- struct{}{}:
	default:
	}
}

// Shutdown stops reading, waits for what is in flight as long as ShutdownTimeout, and
// stores the positions. What is not delivered by then is read again. Further calls do
// nothing.
func (r *podLogs) Shutdown(ctx context.Context) error {
	r.once.Do(func() { r.stopErr = r.shutdown(ctx) })
	return r.stopErr
}

func (r *podLogs) shutdown(ctx context.Context) error {
	if r.stop == nil {
		return nil
	}
	r.stop()
	r.running.Wait()
	r.limits.flush(r)
	r.flush()
	wait, cancel := context.WithTimeout(ctx, r.config.ShutdownTimeout)
	defer cancel()
	if err := r.sender.Close(wait); err != nil {
		// Nothing is lost: it lies where it was read.
		r.set.Logger.Info("Stopped before everything was delivered; the rest is read again after the start", zap.Error(err))
	}
	r.tail.Close()
	r.roster.close()
	r.marks.note(r.window)
	// The positions are stored also when the time is over.
	err := r.marks.close(context.WithoutCancel(ctx))
	if closeErr := r.outlet.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("close dead-letter file: %w", closeErr))
	}
	return errors.Join(err, r.metrics.close())
}

// Wanted reports whether a container is read, as far as is known now. The files of a pod of which
// nothing is known are opened, so that they are not lost if they are deleted, and wait.
func (r *podLogs) Wanted(id tail.Container) bool {
	if !r.choice.wants(id) {
		return false
	}
	p := r.roster.enter(id, r.now())
	if p == nil || p.known == nil {
		return true
	}
	return !p.said(id).Exclude && r.choice.wantsPod(p.known.Labels(), p.known.Annotations())
}

// Forgotten is told that a container is gone.
func (r *podLogs) Forgotten(id tail.Container) {
	r.roster.leave(id)
	r.limits.close(r, id)
}

// reconsider acts on what is known now of a container.
func (r *podLogs) reconsider(id tail.Container) {
	r.limits.refresh(id, r.now())
	r.tail.Reconsider(id)
}

// Changed is told when the marks of a container have to be stored again.
func (r *podLogs) Changed(id tail.Container) {
	r.marks.changed(id)
}

// Trouble is told what is unusual.
func (r *podLogs) Trouble(kind tail.Trouble, path string, err error) {
	r.trouble.tell(kind, path, err)
}
