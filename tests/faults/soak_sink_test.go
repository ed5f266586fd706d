// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// soakSink takes OTLP over HTTP, compares each record with its mark, and gives the ledger what has arrived. It takes requests
// apart without decoding them into anything, so that it costs little beside the collector.
type soakSink struct {
	ledger *ledger
	// owner is the pod of a container.
	owner func(id int) string
}

// ServeHTTP implements http.Handler.
func (s *soakSink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		// The sender has gone; it will come again with the same.
		panic(http.ErrAbortHandler)
	}
	if raw, err = testkit.Decompress(r.Header.Get("Content-Encoding"), raw); err == nil {
		err = s.store(raw)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// store notes all records of a request or, with an error, none.
func (s *soakSink) store(request []byte) error {
	var all []arrivals
	err := each(request, 1, func(resourceLogs []byte) error {
		var pod []byte
		err := each(resourceLogs, 1, func(resource []byte) error {
			return each(resource, 1, func(attribute []byte) error {
				key, value := field(attribute, 1), field(attribute, 2)
				if string(key) == "k8s.pod.name" {
					pod = field(value, 1)
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		return each(resourceLogs, 2, func(scopeLogs []byte) error {
			return each(scopeLogs, 2, func(record []byte) error {
				m, err := s.read(record, pod)
				if err != nil {
					s.ledger.wrongly(err)
					return nil
				}
				if last := len(all) - 1; last >= 0 && all[last].id == m.id && all[last].To == m.seq {
					all[last].To++
				} else {
					all = append(all, arrivals{m.id, span{m.seq, m.seq + 1}})
				}
				return nil
			})
		})
	})
	if err != nil {
		return err
	}
	return s.ledger.take(all)
}

// read compares a record with its mark.
func (s *soakSink) read(record, pod []byte) (mark, error) {
	m, err := readSoakLine(field(field(record, 5), 1))
	if err != nil {
		return m, err
	}
	if stamp := fixed(record, 1); stamp != uint64(m.at.UnixNano()) {
		return m, fmt.Errorf("wrong time: line %d of container %d: %d", m.seq, m.id, stamp)
	}
	if want := s.owner(m.id); string(pod) != want {
		return m, fmt.Errorf("wrong owner: line %d of container %d came from %s", m.seq, m.id, pod)
	}
	return m, nil
}

// each visits the parts of a message that have a number.
func each(message []byte, number protowire.Number, visit func([]byte) error) error {
	for len(message) > 0 {
		found, kind, length := protowire.ConsumeTag(message)
		if length < 0 {
			return protowire.ParseError(length)
		}
		message = message[length:]
		if length = protowire.ConsumeFieldValue(found, kind, message); length < 0 {
			return protowire.ParseError(length)
		}
		if found == number && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message)
			if err := visit(value); err != nil {
				return err
			}
		}
		message = message[length:]
	}
	return nil
}

// field is the last part of a message with a number; nil when there is none.
func field(message []byte, number protowire.Number) (last []byte) {
	_ = each(message, number, func(value []byte) error {
		last = value
		return nil
	})
	return last
}

// fixed is a field of 64 bits.
func fixed(message []byte, number protowire.Number) (last uint64) {
	for len(message) > 0 {
		found, kind, length := protowire.ConsumeTag(message)
		if length < 0 {
			return 0
		}
		message = message[length:]
		if length = protowire.ConsumeFieldValue(found, kind, message); length < 0 {
			return 0
		}
		if found == number && kind == protowire.Fixed64Type {
			last, _ = protowire.ConsumeFixed64(message)
		}
		message = message[length:]
	}
	return last
}

func TestTheSinkSeesEveryKindOfHarm(t *testing.T) {
	at := time.Unix(1764028800, 123456789).UTC()
	type record struct {
		pod  string
		at   time.Time
		body string
	}
	line := func(id, seq int) string {
		return string(appendSoakLine(nil, mark{id: id, seq: seq, at: at.Add(time.Duration(seq))}, "GET / took 12ms"))
	}
	for name, tt := range map[string]struct {
		spoil func(all []record) []record
		says  string
		lost  int
	}{
		"nothing happens":            {func(all []record) []record { return all }, "", 0},
		"a byte changes":             {func(all []record) []record { all[3].body += "!"; return all }, "corrupted", 1},
		"two lines become one":       {func(all []record) []record { all[3].body += all[4].body; return all }, "merged", 1},
		"a line gets another time":   {func(all []record) []record { all[3].at = at; return all }, "wrong time: line 3 of container 1", 1},
		"a line gets another pod":    {func(all []record) []record { all[3].pod = "pod-2"; return all }, "wrong owner: line 3 of container 1", 1},
		"a line is lost":             {func(all []record) []record { return append(all[:3], all[4:]...) }, "", 1},
		"something else comes along": {func(all []record) []record { return append(all, record{pod: "pod-1", at: at, body: "hello"}) }, "corrupted", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var all []record
			for seq := range 10 {
				all = append(all, record{"pod-1", at.Add(time.Duration(seq)), line(1, seq)})
			}
			request := plogotlp.NewExportRequest()
			for _, one := range tt.spoil(all) {
				r := request.Logs().ResourceLogs().AppendEmpty()
				r.Resource().Attributes().PutStr("k8s.pod.name", one.pod)
				to := r.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
				to.SetTimestamp(pcommon.NewTimestampFromTime(one.at))
				to.Body().SetStr(one.body)
				to.Attributes().PutStr("log.iostream", "stdout")
			}
			raw, err := request.MarshalProto()
			require.NoError(t, err)
			l := newLedger()
			l.wrote(1, 10, 0)
			answer := httptest.NewRecorder()
			sink := &soakSink{ledger: l, owner: func(id int) string { return fmt.Sprintf("pod-%d", id) }}
			sink.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/v1/logs", bytes.NewReader(raw)))
			assert.Equal(t, http.StatusOK, answer.Code)
			written, arrived, again, wrong := l.sum()
			assert.Equal(t, tt.lost, written-arrived)
			assert.Zero(t, again)
			assert.Equal(t, tt.says != "", wrong == 1)
			if tt.says != "" {
				assert.Contains(t, l.Harm[0], tt.says)
			}
		})
	}
}
