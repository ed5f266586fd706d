// SPDX-License-Identifier: Apache-2.0

package lokifake_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestStatusFaults(t *testing.T) {
	for _, tt := range []struct {
		name       string
		fault      lokifake.Fault
		text       string
		retryAfter string
		stored     int
	}{
		{name: "unavailable", fault: lokifake.Fault{Status: 503}, text: "failed on cue of the test\n"},
		{name: "with a text", fault: lokifake.Fault{Status: 500, Body: "ingester trouble"}, text: "ingester trouble\n"},
		{name: "with a time to wait, rounded up", fault: lokifake.Fault{Status: 429, RetryAfter: 1500 * time.Millisecond}, text: "failed on cue of the test\n", retryAfter: "2"},
		{name: "a success that stores nothing", fault: lokifake.Fault{Status: 204}},
		{name: "a blocked tenant's success", fault: lokifake.Fault{Status: 260, Body: "ingestion blocked"}, text: "ingestion blocked\n"},
		{name: "a failure after storing", fault: lokifake.Fault{Status: 504, Store: true}, text: "failed on cue of the test\n", stored: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := start(t, lokifake.Options{})
			server.SetFault(tt.fault)
			answer, err := newSender(t, server).try(encode(t, stream(`{job="a"}`, now("x"))))
			require.NoError(t, err)
			assert.Equal(t, tt.fault.Status, answer.status)
			assert.Equal(t, tt.text, answer.text)
			assert.Equal(t, tt.retryAfter, answer.header.Get("Retry-After"))
			assert.Equal(t, tt.stored, server.Count())
			request := server.Requests()[0]
			assert.True(t, request.Faulted)
			assert.Equal(t, tt.fault.Status, request.Status)
		})
	}
}

func TestFaultEndsAfterItsTimes(t *testing.T) {
	server := start(t, lokifake.Options{})
	client := newSender(t, server)
	server.SetFault(lokifake.Fault{Status: 503, Times: 2})
	for _, want := range []int{503, 503, 204, 204} {
		status, _ := client.push(stream(`{job="a"}`, now("x")))
		assert.Equal(t, want, status)
	}
	assert.Equal(t, 2, server.Faulted())
}

func TestClearFault(t *testing.T) {
	server := start(t, lokifake.Options{})
	client := newSender(t, server)
	server.SetFault(lokifake.Fault{Status: 503})
	status, _ := client.push(stream(`{job="a"}`, now("x")))
	assert.Equal(t, 503, status)
	server.ClearFault()
	status, _ = client.push(stream(`{job="a"}`, now("x")))
	assert.Equal(t, 204, status)
}

func TestFaultOfOneTenant(t *testing.T) {
	server := start(t, lokifake.Options{MultiTenant: true})
	client := newSender(t, server)
	server.SetFault(lokifake.Fault{Tenant: "bad", Status: 503}, lokifake.Fault{Tenant: "slow", Status: 429})
	for tenant, want := range map[string]int{"bad": 503, "slow": 429, "good": 204, "": 401} {
		status, _ := client.with("X-Scope-OrgID", tenant).push(stream(`{job="a"}`, now("x")))
		assert.Equal(t, want, status, tenant)
	}
	assert.Equal(t, 2, server.Faulted())
}

func TestPoisonedRequest(t *testing.T) {
	server := start(t, lokifake.Options{})
	client := newSender(t, server)
	server.SetFault(lokifake.Fault{Status: 500, When: func(p *lokifake.Push) bool {
		return p.Tenant == lokifake.SingleTenant && p.Header.Get("Content-Encoding") == "snappy" && p.HasLine("poison")
	}})
	status, _ := client.push(stream(`{job="a"}`, now("x")), stream(`{job="b"}`, now("y"), now("some poison")))
	assert.Equal(t, 500, status)
	status, _ = client.push(stream(`{job="a"}`, now("x")), stream(`{job="b"}`, now("y")))
	assert.Equal(t, 204, status)
	assert.Equal(t, []string{"x", "y"}, linesOf(server.Entries("")))
}

func TestDisconnect(t *testing.T) {
	for name, stored := range map[string]bool{"before storing": false, "after storing": true} {
		t.Run(name, func(t *testing.T) {
			server := start(t, lokifake.Options{})
			server.SetFault(lokifake.Fault{Disconnect: true, Store: stored, Times: 1})
			client := newSender(t, server)
			body := encode(t, stream(`{job="a"}`, now("x")))
			_, err := client.try(body)
			require.Error(t, err)
			assert.Equal(t, stored, server.Count() == 1)
			assert.Zero(t, server.Requests()[0].Status)
			status, _ := client.post(body)
			assert.Equal(t, 204, status)
			assert.Equal(t, 1, server.Count())
		})
	}
}

func TestDelayHoldsTheAnswerBack(t *testing.T) {
	server := start(t, lokifake.Options{})
	server.SetFault(lokifake.Fault{Delay: time.Millisecond})
	status, _ := newSender(t, server).push(stream(`{job="a"}`, now("x")))
	assert.Equal(t, 204, status)
	assert.Equal(t, 1, server.Count())
	assert.True(t, server.Requests()[0].Faulted)
}

func TestNothingIsStoredWhenTheServerStopsDuringADelay(t *testing.T) {
	server := start(t, lokifake.Options{})
	server.SetFault(lokifake.Fault{Delay: time.Hour})
	client := newSender(t, server)
	body := encode(t, stream(`{job="a"}`, now("x")))
	failed := make(chan error, 1)
	go func() {
		_, err := client.try(body)
		failed <- err
	}()
	server.WaitForRequests(t, patience, "the request to be held", func([]lokifake.Request) bool { return server.Faulted() == 1 })
	server.Stop()
	require.Error(t, <-failed)
	assert.Zero(t, server.Count())
}
