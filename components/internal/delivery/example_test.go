// SPDX-License-Identifier: Apache-2.0

package delivery_test

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/tributary-otel/tributary/components/internal/delivery"
)

// lines is what is sent of a file.
type lines []string

func (l lines) Len() int                   { return len(l) }
func (l lines) Split(n int) (lines, lines) { return l[:n], l[n:] }

// A receiver reads a file, sends its lines in batches of two, and writes down how
// far it has come. It would do so while it reads, twice a second.
func Example() {
	window := delivery.NewWindow[int64](delivery.Limits{})
	sender := delivery.NewSender(window, delivery.Options[lines]{
		Send: func(context.Context, lines) error { return nil }, // ConsumeLogs, say.
	})
	const checkpoint = 4 // From the run before: "one" is delivered.
	file := strings.NewReader("one\ntwo\nthree\nfour\n"[checkpoint:])
	source := window.NewSource(checkpoint)

	ctx, end := context.Background(), int64(checkpoint)
	batch, payload := window.NewBatch(), lines{}
	flush := func() {
		_ = sender.Deliver(batch, payload) // It fails only after Close.
		batch, payload = window.NewBatch(), lines{}
	}
	const chunk = 1024
	if !source.TryAcquire(chunk) {
		flush() // What is gathered must not wait for itself.
		_ = source.Acquire(ctx, chunk)
	}
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		size := int64(len(scanner.Text()) + 1)
		end += size
		batch.Add(source, end, size, 1)
		if payload = append(payload, scanner.Text()); payload.Len() == 2 {
			flush()
		}
	}
	source.Release() // Less was read than acquired.
	flush()
	_ = sender.Close(ctx)

	for _, moved := range window.TakeMoved(nil) {
		fmt.Println("checkpoint", moved.Position(), "idle", moved.Idle())
	}
	fmt.Printf("%+v\n", window.Stats().Delivered)
	// Output:
	// checkpoint 19 idle true
	// {Records:3 Bytes:15}
}
