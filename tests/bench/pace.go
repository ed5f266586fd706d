// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"errors"
	"os"
	"time"
)

// paceTick is how often a paced writer writes what is due.
const paceTick = 10 * time.Millisecond

// pacedWriter lets files grow evenly, with one write(2) for each record, as containers do.
type pacedWriter struct {
	logs    []*os.File
	sources []*lines
	stop    chan struct{}
	done    chan struct{}
	err     error
}

// startWriter writes so many records a second over all files, in turn, until Stop. A machine too slow for that is behind,
// and writes the rest as soon as it can.
func startWriter(root string, files, perSecond int) (*pacedWriter, error) {
	w := &pacedWriter{stop: make(chan struct{}), done: make(chan struct{})}
	for file := range files {
		log, err := openLog(root, file)
		if err != nil {
			return nil, errors.Join(err, w.closeLogs())
		}
		w.logs = append(w.logs, log)
		w.sources = append(w.sources, newLines(file))
	}
	go w.run(perSecond)
	return w, nil
}

func (w *pacedWriter) run(perSecond int) {
	defer close(w.done)
	tick := time.NewTicker(paceTick)
	defer tick.Stop()
	var buffer []byte
	begin, sum := time.Now(), 0
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
		}
		for due := int(time.Since(begin).Seconds() * float64(perSecond)); sum < due; sum++ {
			file := sum % len(w.logs)
			buffer = w.sources[file].appendCRI(buffer[:0], time.Now().UTC())
			if _, w.err = w.logs[file].Write(buffer); w.err != nil {
				return
			}
		}
	}
}

// Stop returns how many records each file got. It may be called once.
func (w *pacedWriter) Stop() (written []int, err error) {
	close(w.stop)
	<-w.done
	for _, source := range w.sources {
		written = append(written, source.next)
	}
	return written, errors.Join(w.err, w.closeLogs())
}

func (w *pacedWriter) closeLogs() error {
	var errs []error
	for _, log := range w.logs {
		errs = append(errs, log.Close())
	}
	return errors.Join(errs...)
}
