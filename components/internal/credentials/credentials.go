// SPDX-License-Identifier: Apache-2.0

// Package credentials authenticates requests with what stands in files, which may come later than the process, change
// and go. While one is missing nothing is sent: each request fails with an error that says what to do, and is made again
// by whoever made it. It ends by itself when the file is there.
//
// Reading order: credentials.go (the extension), request.go (what it does to a request), file.go (what is read).
package credentials

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.uber.org/zap"
)

const (
	// soon is how often it is looked for what is missing, later how often for changes. The kubelet takes up to a minute to
	// bring a change of a Secret.
	soon, later = time.Second, 2 * time.Second
	// sayAgain is how often it is said that something is missing still.
	sayAgain = time.Minute
)

// Options say what is read, and what becomes of it.
type Options struct {
	// Files are read. All of them are needed.
	Files []string
	// Make makes the extension that authenticates, of what the files hold, in their order.
	Make func(ctx context.Context, contents []string) (extension.Extension, error)
	// Logger is that of the extension.
	Logger *zap.Logger
}

// Auth is an extension that authenticates what clients send. It may be used by several goroutines.
type Auth struct {
	options Options
	// current authenticates. It is nil while something is missing, and why says what.
	current atomic.Pointer[made]
	why     atomic.Pointer[error]

	host component.Host
	// contents are those of current. said is when something missing was named last, and lost that what is used is not
	// there any more.
	contents []string
	said     time.Time
	lost     bool

	stop    context.CancelFunc
	running sync.WaitGroup
}

type made struct{ extension.Extension }

var (
	_ extension.Extension      = (*Auth)(nil)
	_ extensionauth.HTTPClient = (*Auth)(nil)
	_ extensionauth.GRPCClient = (*Auth)(nil)
)

// New returns an extension that reads nothing before it is started.
func New(options Options) *Auth {
	a := &Auth{options: options}
	a.because(errors.New("the extension is not started"))
	return a
}

// Start reads the files. One that cannot be read does not keep the collector from starting.
func (a *Auth) Start(ctx context.Context, host component.Host) error {
	a.host = host
	a.look(ctx)
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	a.running.Go(func() { a.follow(run) })
	return nil
}

func (a *Auth) follow(ctx context.Context) {
	for {
		wait := later
		if a.current.Load() == nil {
			wait = soon
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			a.look(ctx)
		}
	}
}

// look reads the files, and takes what is new in them.
func (a *Auth) look(ctx context.Context) {
	contents := make([]string, 0, len(a.options.Files))
	var errs []error
	for _, file := range a.options.Files {
		content, err := read(file)
		contents, errs = append(contents, content), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		a.missing(err)
		return
	}
	a.lost = false
	if a.current.Load() != nil && slices.Equal(contents, a.contents) {
		return
	}
	made, err := a.make(ctx, contents)
	if err != nil {
		a.missing(err)
		return
	}
	a.contents = contents
	old := a.current.Swap(made)
	if old != nil {
		a.options.Logger.Info("The credentials have changed", zap.Strings("files", a.options.Files))
		if err := old.Shutdown(ctx); err != nil {
			a.options.Logger.Warn("The old credentials are not given back", zap.Error(err))
		}
		return
	}
	if !a.said.IsZero() {
		a.options.Logger.Info("The credentials are there; requests are sent", zap.Strings("files", a.options.Files))
		componentstatus.ReportStatus(a.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

func (a *Auth) make(ctx context.Context, contents []string) (*made, error) {
	e, err := a.options.Make(ctx, contents)
	if err != nil {
		return nil, err
	}
	if err := e.Start(ctx, a.host); err != nil {
		return nil, err
	}
	return &made{e}, nil
}

// missing says what is missing, not too often. Credentials that were there are used on.
func (a *Auth) missing(err error) {
	if a.current.Load() != nil {
		if !a.lost {
			a.options.Logger.Warn("The credentials cannot be read any more; those read before are used", zap.Error(err))
		}
		a.lost = true
		return
	}
	a.because(err)
	first := a.said.IsZero()
	if !first && time.Since(a.said) < sayAgain {
		return
	}
	a.said = time.Now()
	a.options.Logger.Warn("Credentials are missing. Nothing is sent with them until they are there; they are looked for each second", zap.Error(err))
	componentstatus.ReportStatus(a.host, componentstatus.NewRecoverableErrorEvent(err))
}

func (a *Auth) because(err error) { a.why.Store(&err) }

// Shutdown ends reading. Further calls do nothing.
func (a *Auth) Shutdown(ctx context.Context) error {
	if a.stop == nil {
		return nil
	}
	a.stop()
	a.running.Wait()
	if old := a.current.Swap(nil); old != nil {
		a.because(errors.New("the extension is shut down"))
		return old.Shutdown(ctx)
	}
	return nil
}
