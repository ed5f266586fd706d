// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestFaultStatusIsAnsweredOverHTTPUntilCleared(t *testing.T) {
	b := StartBackend(t)
	b.SetFault(Fault{HTTPStatus: 503, RetryAfter: 1500 * time.Millisecond})
	for range 3 {
		got, err := postLogs(t, b, "one")
		require.NoError(t, err)
		assert.Equal(t, http.StatusServiceUnavailable, got.status)
		assert.Equal(t, "2", got.header.Get("Retry-After"))
		assert.Equal(t, typeProtobuf, got.header.Get("Content-Type"))
	}
	assert.Zero(t, b.Count())
	b.ClearFault()
	got, err := postLogs(t, b, "one")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, got.status)
	assert.Equal(t, 1, b.Count())
	assert.Equal(t, 3, b.Faulted())
	refused := 0
	for _, r := range b.Requests() {
		if r.Refused {
			refused++
		}
	}
	assert.Equal(t, 3, refused)
}

func TestFaultCodeIsAnsweredOverGRPCSoManyTimes(t *testing.T) {
	b := StartBackend(t)
	client := dial(t, b)
	b.SetFault(Fault{GRPCCode: codes.ResourceExhausted, RetryAfter: time.Second, Times: 2})
	for range 2 {
		_, err := client.Export(t.Context(), export("one"))
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
		details := status.Convert(err).Details()
		require.Len(t, details, 1)
		assert.Equal(t, time.Second, details[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())
	}
	_, err := client.Export(t.Context(), export("one"))
	require.NoError(t, err)
	assert.Equal(t, 2, b.Faulted())
	assert.Equal(t, 1, b.Count())
}

func TestFaultOfOneProtocolLeavesTheOtherAlone(t *testing.T) {
	b := StartBackend(t)
	b.SetFault(Fault{HTTPStatus: 500, Times: 1})
	_, err := dial(t, b).Export(t.Context(), export("one"))
	require.NoError(t, err)
	assert.Zero(t, b.Faulted())
	got, err := postLogs(t, b, "two")
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, got.status)
	assert.Equal(t, 1, b.Faulted())
}

func TestPartialSuccessRejectsTheLastRecords(t *testing.T) {
	b := StartBackend(t)
	b.SetFault(Fault{RejectRecords: 2})
	got, err := postLogs(t, b, "one", "two", "three")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, got.status)
	response := plogotlp.NewExportResponse()
	require.NoError(t, response.UnmarshalProto(got.body))
	assert.EqualValues(t, 2, response.PartialSuccess().RejectedLogRecords())
	assert.NotEmpty(t, response.PartialSuccess().ErrorMessage())
	require.Equal(t, 1, b.Count())
	assert.Equal(t, "one", b.Records()[0].Body)

	overGRPC, err := dial(t, b).Export(t.Context(), export("four"))
	require.NoError(t, err)
	assert.EqualValues(t, 1, overGRPC.PartialSuccess().RejectedLogRecords(), "no more than there are")
	assert.Equal(t, 1, b.Count())
	assert.Equal(t, 2, b.Faulted())
	requests := b.Requests()
	assert.False(t, requests[0].Refused, "one record was kept")
	assert.True(t, requests[1].Refused, "none was kept")
}

func TestDisconnectAnswersNothing(t *testing.T) {
	b := StartBackend(t)
	client := dial(t, b)
	b.SetFault(Fault{Disconnect: true, Times: 2})
	_, err := postLogs(t, b, "one")
	require.ErrorContains(t, err, "EOF")
	_, err = client.Export(t.Context(), export("two"))
	require.Equal(t, codes.Unavailable, status.Code(err))
	assert.NotContains(t, err.Error(), "on cue", "the connection was cut before the answer")
	assert.Zero(t, b.Count())
	assert.Equal(t, 2, b.Faulted())

	_, err = client.Export(t.Context(), export("three"))
	require.NoError(t, err, "the next request gets a new connection")
	assert.Equal(t, 1, b.Count())
}

func TestDelayHoldsTheAnswerBack(t *testing.T) {
	b := StartBackend(t)
	b.SetFault(Fault{Delay: 50 * time.Millisecond, Times: 1})
	start := time.Now()
	_, err := postLogs(t, b, "one")
	require.NoError(t, err)
	assert.GreaterOrEqual(t, time.Since(start), 50*time.Millisecond)
	assert.Equal(t, 1, b.Count())
}

// senders send one record each, over one protocol.
func senders(t *testing.T, b *Backend) map[string]func(context.Context) error {
	client := dial(t, b)
	raw, err := export("one").MarshalProto()
	require.NoError(t, err)
	return map[string]func(context.Context) error{
		"http": func(ctx context.Context) error {
			_, err := post(ctx, b.HTTPURL()+"/v1/logs", typeProtobuf, "", raw)
			return err
		},
		"grpc": func(ctx context.Context) error {
			_, err := client.Export(ctx, export("one"))
			return err
		},
	}
}

func TestDelayEndsWhenTheBackendStops(t *testing.T) {
	for _, protocol := range []string{"http", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			b := StartBackend(t)
			send := senders(t, b)[protocol]
			b.SetFault(Fault{Delay: time.Hour})
			sent := make(chan error, 1)
			go func() { sent <- send(t.Context()) }()
			Eventually(t, time.Minute, "the request to be held back", func() bool { return b.Faulted() == 1 })
			b.Stop()
			require.Error(t, <-sent)
			assert.Zero(t, b.Count())
			assert.True(t, b.Requests()[0].Refused)
		})
	}
}

func TestDelayEndsWhenTheSenderGivesUp(t *testing.T) {
	for _, protocol := range []string{"http", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			b := StartBackend(t)
			send := senders(t, b)[protocol]
			b.SetFault(Fault{Delay: time.Hour})
			ctx, cancel := context.WithCancel(t.Context())
			sent := make(chan error, 1)
			go func() { sent <- send(ctx) }()
			Eventually(t, time.Minute, "the request to be held back", func() bool { return b.Faulted() == 1 })
			cancel()
			require.Error(t, <-sent)
			Eventually(t, time.Minute, "the request to be given up", func() bool { return b.Requests()[0].Refused })
			assert.Zero(t, b.Count())
		})
	}
}

func TestFaultReplacesTheOneBefore(t *testing.T) {
	b := StartBackend(t)
	b.SetFault(Fault{HTTPStatus: 500, Times: 10})
	b.SetFault(Fault{HTTPStatus: 429, Times: 1})
	got, err := postLogs(t, b, "one")
	require.NoError(t, err)
	assert.Equal(t, http.StatusTooManyRequests, got.status)
	got, err = postLogs(t, b, "one")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, got.status)
}
