// SPDX-License-Identifier: Apache-2.0

// Command writer is a container that prints numbered lines. Each says who wrote it, to which stream, and how long it is, so
// that whoever receives it can tell whether it is whole and what has to be known of it:
//
//	run=steady pod=shop/web-1/6f1c…/main start=1 stream=stdout n=17 size=150 xxxx…
//
// The number of the last line, and of the starts of the container, are in files of the folder /written, which outlives the pod.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is how long lines gather before they are written.
const tick = 20 * time.Millisecond

var (
	run      = flag.String("run", "run", "what the lines say that they are of")
	rate     = flag.Int("rate", 100, "lines a second")
	count    = flag.Int("lines", 0, "how many lines there are (default: as many as there is time for)")
	then     = flag.String("then", "exit", "what comes after the last line: exit, crash or wait")
	size     = flag.Int("size", 150, "bytes of a line")
	long     = flag.Int("long", 0, "how many lines there are to one long one (default: all are short)")
	longSize = flag.Int("long-size", 40_000, "bytes of a long line")
	farewell = flag.Int("farewell", 0, "how many lines are written when the pod is asked to end")
)

func main() {
	flag.Parse()
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "writer:", err)
		os.Exit(3)
	}
	switch *then {
	case "crash":
		os.Exit(1)
	case "wait":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		<-signals
	}
}

// write writes all lines.
func write() error {
	w, err := newWriter()
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	defer signal.Stop(signals)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	start := time.Now()
	for *count == 0 || w.n < *count {
		select {
		case <-ticker.C:
		case <-signals:
			return w.lines(*farewell)
		}
		due := int(time.Since(start).Seconds()*float64(*rate)) - w.n
		if *count > 0 {
			due = min(due, *count-w.n)
		}
		if err := w.lines(due); err != nil {
			return err
		}
	}
	return nil
}

// writer is one start of the container.
type writer struct {
	who    string
	n      int
	ledger *os.File
	out    [2]bytes.Buffer
}

// newWriter counts the starts of the container.
func newWriter() (*writer, error) {
	container := os.Getenv("CONTAINER")
	base := fmt.Sprintf("/written/%s.%s.", os.Getenv("POD_UID"), container)
	starts, _ := os.ReadFile(base + "starts")
	start, _ := strconv.Atoi(string(starts))
	start++
	if err := os.WriteFile(base+"starts", []byte(strconv.Itoa(start)), 0o644); err != nil {
		return nil, err
	}
	ledger, err := os.Create(base + strconv.Itoa(start))
	if err != nil {
		return nil, err
	}
	return &writer{
		who: fmt.Sprintf("run=%s pod=%s/%s/%s/%s start=%d", *run,
			os.Getenv("POD_NAMESPACE"), os.Getenv("POD_NAME"), os.Getenv("POD_UID"), container, start),
		ledger: ledger,
	}, w0(*run, ledger)
}

// w0 notes a start that has not written anything.
func w0(run string, ledger *os.File) error {
	_, err := fmt.Fprintf(ledger, "%s %010d\n", run, 0)
	return err
}

// lines writes the next lines, every third to stderr, and then notes that it did.
func (w *writer) lines(count int) error {
	if count <= 0 {
		return nil
	}
	for range count {
		w.n++
		stream, name := 0, "stdout"
		if w.n%3 == 0 {
			stream, name = 1, "stderr"
		}
		bytes := *size
		if *long > 0 && w.n%*long == 0 {
			bytes = *longSize
		}
		line := fmt.Sprintf("%s stream=%s n=%d size=%d ", w.who, name, w.n, bytes)
		w.out[stream].WriteString(line)
		w.out[stream].WriteString(strings.Repeat("x", max(0, bytes-len(line))))
		w.out[stream].WriteByte('\n')
	}
	for i, file := range []*os.File{os.Stdout, os.Stderr} {
		if _, err := w.out[i].WriteTo(file); err != nil {
			return err
		}
	}
	_, err := w.ledger.WriteAt([]byte(fmt.Sprintf("%s %010d\n", *run, w.n)), 0)
	return err
}
