// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const trace = "java.lang.Exception: no stock\n\tat shop.Stock.take(Stock.java:41)\nCaused by: java.io.IOException: closed\n\t... 1 more"

// split makes lines as containerd writes them to a file, which cuts each after 16 KiB.
func split(head, text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		for ; len(line) > 16<<10; line = line[16<<10:] {
			b.WriteString(head + "P " + line[:16<<10] + "\n")
		}
		b.WriteString(head + "F " + line + "\n")
	}
	return b.String()
}

// What real programs have written comes as records, while the other stream is written to
// in between.
func TestRealTracesAreRecords(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../internal/multiline/testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	n := newNode(t)
	var want []string
	for _, path := range files {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		records := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n====\n")
		want = append(want, records...)
		text := split(errs, strings.Join(records, "\n"))
		for range strings.Count(text, "\n") {
			want = append(want, "an order")
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		n.write("shop_"+name+"_uid-1/main", "0.log", strings.ReplaceAll(text, "\n"+errs, "\n"+out+"F an order\n"+errs)+out+"F an order\n")
	}
	n.start()
	n.wants(want...)
}

func TestALongFrameIsPutTogetherFirst(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	long := "java.lang.Exception: no stock\n\tat shop.Stock.take(Stock.java:41)\nCaused by: x.Y: " + strings.Repeat("0123456789abcdef", 3000) + "\n\t... 1 more"
	n.write(web, "0.log", split(errs, long+"\nan order"))
	n.start()
	n.wants(long, "an order")
}

func TestATraceThatIsStillWritten(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.config.Multiline.Timeout = time.Minute // Longer than the test.
	n.start()
	n.write(web, "0.log", full(errs, "before"))
	n.wants("before")
	for line := range strings.SplitSeq(trace, "\n") {
		n.write(web, "0.log", full(out, "an order"))
		n.write(web, "0.log", full(errs, line))
	}
	n.wants("before", "an order", "an order", "an order", "an order")
	n.write(web, "0.log", full(errs, "behind"))
	n.wants("before", "an order", "an order", "an order", "an order", trace, "behind")
}

func TestTheLastTraceComesAfterAMoment(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.config.Multiline.Timeout = 20 * time.Millisecond
	n.write(web, "0.log", full(errs, strings.Split(trace, "\n")...))
	n.start()
	n.wants(trace)
	require.Eventually(t, func() bool { return n.receiver.tail.Gauges().Idle == 1 }, patience, 5*time.Millisecond)
}

func TestATraceGoesOnAfterARotation(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.config.Multiline.Timeout = time.Minute
	lines := strings.Split(trace, "\n")
	n.write(web, "0.log", full(errs, append([]string{"before"}, lines[:2]...)...))
	n.start()
	n.wants("before")
	require.NoError(t, os.Rename(n.file(web, "0.log"), n.file(web, "0.log.20261120-100000")))
	n.write(web, "0.log", full(errs, append(lines[2:], "behind")...))
	n.wants("before", trace, "behind")
}

func TestATraceIsNotTornByAStop(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.config.Multiline.Timeout = time.Minute
	n.start()
	want := []string{"before"}
	n.write(web, "0.log", full(errs, "before"))
	for line := range strings.SplitSeq(trace, "\n") {
		n.write(web, "0.log", full(errs, line)+full(out, "an order"))
		want = append(want, "an order")
		n.wants(want...)
		n.restart()
	}
	n.write(web, "0.log", full(errs, "behind"))
	n.wants(append(want, trace, "behind")...)
}

func TestATraceOfAContainerThatHasEnded(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.config.Multiline.Timeout = time.Minute
	n.write(web, "0.log", full(errs, strings.Split(trace, "\n")...))
	n.write(web, "1.log", full(errs, "the next run"))
	n.start()
	n.wants(trace, "the next run")
}

func TestARefusedTraceIsOneDeadLetter(t *testing.T) {
	t.Parallel()
	n, scrape := withMetrics(t)
	n.config.Multiline.Timeout = 20 * time.Millisecond
	calls := 0
	n.failWith(func(bodies []string) error {
		for _, body := range bodies {
			if strings.HasPrefix(body, "java") {
				return consumererror.NewPermanent(status.Error(codes.InvalidArgument, "no"))
			}
		}
		if calls++; calls%2 == 1 {
			return errors.New("try again")
		}
		return nil
	})
	n.start()
	n.write(web, "0.log", full(errs, append(append([]string{"before"}, strings.Split(trace, "\n")...), "behind", "Error: waits")...))
	require.Eventually(t, func() bool {
		s := scrape()
		for _, unit := range []string{"log_records", "bytes"} {
			require.InDelta(t, s["read_"+unit], s["delivered_"+unit]+s["dead_lettered_"+unit]+s["dropped_"+unit]+s["in_flight_"+unit], 0, "%v", s)
		}
		return s["delivered_log_records"] == 3 && s["dead_lettered_log_records"] == 1
	}, patience, time.Millisecond)
	n.wants("before", "behind", "Error: waits")
	raw, err := os.ReadFile(n.config.DeadLetter.Path)
	require.NoError(t, err)
	var l letter
	require.NoError(t, json.Unmarshal(raw, &l))
	assert.Equal(t, trace, l.Line)
	size := len(errs+"F \n")*7 + len("before"+trace+"behind"+"Error: waits") - strings.Count(trace, "\n")
	assert.InDelta(t, size, scrape()["read_bytes"], 0)
}
