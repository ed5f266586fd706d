// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/runtimelog"
)

// startExporter runs an exporter without a queue and without a retry of its own, as it
// stands behind the receiver.
func startExporter(t *testing.T, e exporter.Logs, err error) exporter.Logs {
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e
}

const secret = "Bearer of-a-secret"

func httpExporter(t *testing.T, url string) exporter.Logs {
	factory := otlphttpexporter.NewFactory()
	config := factory.CreateDefaultConfig().(*otlphttpexporter.Config)
	config.ClientConfig.Endpoint = url
	config.ClientConfig.Headers = configopaque.MapList{{Name: "Authorization", Value: secret}}
	config.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	config.RetryConfig.Enabled = false
	e, err := factory.CreateLogs(context.Background(), exportertest.NewNopSettings(factory.Type()), config)
	return startExporter(t, e, err)
}

func oneLine(body string) lines {
	return lines{text: body, records: []record{{end: uint32(len(body)), stream: runtimelog.Stdout}}, origins: []*origin{newOrigin(fileOf().Container(), 0, nil, "")}}
}

// The whole chain: what is too large alone is given up, and all others arrive.
func TestARequestThatIsTooLargeIsCut(t *testing.T) {
	for _, code := range []int{413, 422, 400} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			var taken atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				raw, _ := io.ReadAll(gunzip(r))
				request := plogotlp.NewExportRequest()
				if len(raw) > 2000 || request.UnmarshalProto(raw) != nil {
					w.WriteHeader(code)
					return
				}
				taken.Add(int64(request.Logs().LogRecordCount()))
			}))
			defer s.Close()
			n := newNode(t)
			n.next = httpExporter(t, s.URL)
			var bodies []string
			for i := range 100 {
				bodies = append(bodies, fmt.Sprint("line ", i))
			}
			bodies[50] = strings.Repeat("too large", 1000)
			n.write(web, "0.log", cri(bodies...))
			n.start()
			require.Eventually(t, func() bool { return n.receiver.window.Stats().DeadLettered.Records == 1 && taken.Load() == 99 }, patience, 5*time.Millisecond)
			raw, err := os.ReadFile(n.config.DeadLetter.Path)
			require.NoError(t, err)
			assert.NotContains(t, string(raw), "of-a-secret")
			var l letter
			require.NoError(t, json.Unmarshal(raw, &l))
			assert.Equal(t, bodies[50], l.Line)
			n.restart()
			assert.Zero(t, n.receiver.window.Stats().Added, "its position is behind what was refused")
		})
	}
}

// Whoever sets it up wrongly loses nothing, and reads why.
func TestNoRecordIsGivenUpForAnotherAnswer(t *testing.T) {
	for _, code := range []int{401, 403, 404, 405, 500, 503} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			var calls, taken atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if calls.Add(1) <= 2 {
					w.WriteHeader(code)
					return
				}
				taken.Add(1)
			}))
			defer s.Close()
			n := newNode(t)
			n.next = httpExporter(t, s.URL)
			n.write(web, "0.log", cri("one"))
			n.start()
			require.Eventually(t, func() bool { return n.receiver.window.Stats().Delivered.Records == 1 }, patience, 5*time.Millisecond)
			assert.EqualValues(t, 1, taken.Load())
			n.stop()
			assert.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}, n.statuses(), "once each")
			for _, entry := range n.logs.All() {
				assert.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), "of-a-secret")
			}
			for _, event := range n.status {
				assert.NotContains(t, fmt.Sprint(event.Err()), "of-a-secret")
			}
			assert.Len(t, n.logs.FilterMessageSnippet("not accepted").All(), 1)
			assert.Len(t, n.logs.FilterMessageSnippet("accepted again").All(), 1)
			assert.NoFileExists(t, n.config.DeadLetter.Path)
		})
	}
}

func TestALetterSaysAllThatIsKnown(t *testing.T) {
	l := oneLine("a\xff<")
	l.records[0].time = stamp.UnixNano()
	got := newLetter(delivery.Letter[lines]{Payload: l, Reason: errors.New(strings.Repeat("日", 400))})
	assert.Equal(t, "stdout", got.Stream)
	assert.Equal(t, stampText, got.Timestamp)
	assert.Equal(t, []byte("a\xff<"), got.LineBase64)
	assert.Equal(t, strings.Repeat("日", 341)+"…", got.Reason, "cut between characters")
	assert.Equal(t, map[string]string{namespaceKey: "", podKey: "", uidKey: "", containerKey: "", restartKey: "0"}, got.Resource)
	l.records[0] = record{}
	got = newLetter(delivery.Letter[lines]{Payload: l, Reason: errors.New("no")})
	raw, err := json.Marshal(got)
	require.NoError(t, err)
	for _, key := range []string{"stream", "timestamp", "line_base64"} {
		assert.NotContains(t, string(raw), `"`+key+`"`)
	}
}
