// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// errSilent ends a watch in which nothing comes.
var errSilent = errors.New("the watch is silent")

// event is one message of a watch.
type event struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// watch takes events until the watch ends. An end that is as it should be, and silence, are no
// errors: the next watch goes on from there.
func (f *follower[T]) watch(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(f.timing.silence, func() { cancel(errSilent) })
	defer silence.Stop()

	c := f.call("watch", url.Values{
		"watch": {"true"}, "resourceVersion": {f.version}, "allowWatchBookmarks": {"true"},
		"timeoutSeconds": {strconv.Itoa(seconds(f.timing.watchFor))},
	})
	body, err := f.api.open(ctx, c)
	if errors.Is(context.Cause(ctx), errSilent) {
		f.api.renew()
		return f.api.failed(fmt.Errorf("%s: no answer in %s", c.String(), f.timing.silence), 0)
	}
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	// A server that opens watches and ends them at once does not answer as it should. One
	// that leaves them open does, although there may be no event for long.
	var settled atomic.Bool
	settle := func() {
		if settled.CompareAndSwap(false, true) {
			f.api.answered(c)
		}
	}
	defer time.AfterFunc(f.timing.settled, settle).Stop()

	decoder := json.NewDecoder(body)
	var e event
	for {
		if err := decoder.Decode(&e); err != nil {
			switch {
			case ctx.Err() != nil:
				return f.ended(ctx)
			case errors.Is(err, io.EOF) && settled.Load():
				return nil
			case settled.Load():
				// Balancers and servers that start anew cut connections: no trouble yet.
				f.api.pace.failed(0)
				return &failure{kind: away, err: err}
			case errors.Is(err, io.EOF):
				err = errors.New("the watch has ended at once")
			}
			return f.api.broken(ctx, c, err)
		}
		silence.Reset(f.timing.silence)
		if err := f.take(&e); err != nil {
			if is(err, expired) {
				return err
			}
			return f.api.broken(ctx, c, err)
		}
		settle()
		f.api.stats.good(f.resource)
	}
}

// ended says why we have ended a watch. Silence is no error; the next watch gets a connection of
// its own, since this one may be dead.
func (f *follower[T]) ended(ctx context.Context) error {
	if !errors.Is(context.Cause(ctx), errSilent) {
		return ctx.Err()
	}
	f.api.stats.restart(f.resource)
	f.api.renew()
	return nil
}

// take acts on an event.
func (f *follower[T]) take(e *event) error {
	switch e.Type {
	case "ADDED", "MODIFIED", "DELETED", "BOOKMARK":
	case "ERROR":
		return failed(e.Object)
	default:
		return fmt.Errorf("an event of the unknown type %q", e.Type)
	}
	object, version, err := f.parse(e.Object)
	if err != nil {
		return fmt.Errorf("an event %s: %w", e.Type, err)
	}
	if e.Type != "BOOKMARK" {
		f.put(object)
	}
	if e.Type == "DELETED" {
		f.gone(object)
	}
	if version != "" {
		f.version = version
	}
	return nil
}

// failed makes an error of the status that ends a watch.
func failed(object []byte) error {
	var status struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(object, &status); err != nil {
		return fmt.Errorf("an event ERROR: %w", err)
	}
	err := fmt.Errorf("the watch has ended: %d %s", status.Code, status.Message)
	if status.Code == http.StatusGone {
		return &failure{kind: expired, err: err}
	}
	return err
}
