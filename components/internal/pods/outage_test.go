// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// retryAfterAnswer is an answer of a server that wants to be left alone.
func retryAfterAnswer(code int, after string) *http.Response {
	r := answer(code, `{"kind":"Status","message":"try later"}`)
	r.Header.Set("Retry-After", after)
	return r
}

func TestOutages(t *testing.T) {
	namespaced := Rules{Labels: []Field{{Key: "team", From: FromNamespace}, {Key: "zone", From: FromNode}}}
	for _, tt := range []struct {
		name  string
		fault func(*http.Request, call) (*http.Response, error)
		want  string
		// most is how many requests there may be in the hour of the outage; 0 is one in 10 s.
		most int
	}{
		{
			name:  "connection refused",
			fault: func(*http.Request, call) (*http.Response, error) { return nil, syscall.ECONNREFUSED },
			want:  "ask https://api: connection refused",
		},
		{
			name: "no answer",
			fault: func(r *http.Request, _ call) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			},
			want: "context deadline exceeded",
		},
		{
			name: "500",
			fault: func(*http.Request, call) (*http.Response, error) {
				return answer(500, `{"message":"etcd is away"}`), nil
			},
			want: "https://api answers 500 Internal Server Error: etcd is away",
		},
		{
			name:  "429 without a time",
			fault: func(*http.Request, call) (*http.Response, error) { return answer(429, "slow down"), nil },
			want:  "https://api answers 429 Too Many Requests",
		},
		{
			name:  "429 with a time",
			fault: func(*http.Request, call) (*http.Response, error) { return retryAfterAnswer(429, "120"), nil },
			want:  "https://api answers 429 Too Many Requests: try later", most: 60*60/120 + 2,
		},
		{
			name: "503 with a date, which needs a clock that is right",
			fault: func(*http.Request, call) (*http.Response, error) {
				return retryAfterAnswer(503, "Wed, 21 Oct 2099 07:28:00 GMT"), nil
			},
			want: "https://api answers 503 Service Unavailable: try later",
		},
		{
			name: "401",
			fault: func(*http.Request, call) (*http.Response, error) {
				return answer(401, `{"message":"Unauthorized"}`), nil
			},
			want: "401 Unauthorized: Unauthorized; the token may have expired, it is read again",
		},
		{
			name: "truncated JSON",
			fault: func(*http.Request, call) (*http.Response, error) {
				return answer(200, `{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"`), nil
			},
			want: "unexpected EOF",
		},
		{
			name:  "a page of a proxy",
			fault: func(*http.Request, call) (*http.Response, error) { return answer(200, "<html>log in"), nil },
			want:  "invalid character '<'",
		},
		{
			name:  "an answer that is no list",
			fault: func(*http.Request, call) (*http.Response, error) { return answer(200, "{}"), nil },
			want:  "the answer is no list: it has no resourceVersion",
		},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			namespace := &corev1.Namespace{}
			namespace.Name, namespace.Labels = "shop", map[string]string{"team": "red"}
			node := &corev1.Node{}
			node.Name = "node-a"
			web := podOf("shop", "web", "1")
			s := newServer(web, namespace, node)
			s.setFault(tt.fault)
			w := start(t, s, nil, namespaced)
			defer w.Close()
			tracked := w.Track(keyOf(web))
			pass(time.Hour)
			most := tt.most
			if most == 0 {
				most = 60*60/10 + 4
			}
			assert.LessOrEqual(t, len(s.seen()), most+4)
			assert.Equal(t, []string{"API server is ill"}, w.said(), "one line for an hour")
			require.ErrorContains(t, w.errs[0], tt.want)
			assert.Equal(t, "nothing", label(tracked))

			s.setFault(nil)
			pass(2*time.Minute + time.Second)
			assert.Equal(t, "1", label(tracked))
			assert.Equal(t, map[string]string{"team": "red"}, tracked.Known().NamespaceLabels())
			assert.Equal(t, []string{"API server is ill", "API server is well"}, w.said())
		})
	}
}

func TestTheServerGoesAndComesBack(t *testing.T) {
	bubble(t, "what is known stays, and the watch goes on without a list", func(t *testing.T) {
		web, api := podOf("shop", "web", "1"), podOf("shop", "api", "2")
		s := newServer(web)
		w := start(t, s, nil, Rules{})
		defer w.Close()
		tracked, later := w.Track(keyOf(web)), w.Track(keyOf(api))
		pass(time.Second)
		s.setFault(func(*http.Request, call) (*http.Response, error) { return nil, syscall.ECONNREFUSED })
		pass(time.Hour)
		s.set(api)
		pass(time.Minute)
		assert.Equal(t, "1", label(tracked))
		assert.Equal(t, "nothing", label(later))
		s.setFault(nil)
		pass(15 * time.Second)
		assert.Equal(t, "2", label(later))
		pass(6 * time.Second)
		assert.Equal(t, 1, s.count("list pods"))
		assert.Equal(t, []string{"API server is ill", "API server is well"}, w.said())
	})
}

func TestATokenThatHasExpired(t *testing.T) {
	bubble(t, "is read again at once", func(t *testing.T) {
		web := podOf("shop", "web", "1")
		s := newServer(web)
		accept := func(valid string) {
			s.setFault(func(r *http.Request, _ call) (*http.Response, error) {
				if r.Header.Get("Authorization") < valid {
					return answer(401, "{}"), nil
				}
				return nil, nil
			})
		}
		accept("1")
		w := start(t, s, nil, Rules{})
		defer w.Close()
		tracked := w.Track(keyOf(web))
		pass(time.Minute)
		accept("2")
		pass(time.Minute)
		s.set(podOf("shop", "web", "1", withLabel("new")))
		pass(0)
		assert.Equal(t, "new", label(tracked))
		assert.Equal(t, 1, s.count("list pods"))
		assert.Empty(t, w.said(), "a token that was read again is no trouble")
	})
}

func TestOneResourceIsForbidden(t *testing.T) {
	bubble(t, "the others work", func(t *testing.T) {
		web := podOf("shop", "web", "1")
		s := newServer(web)
		forbid := func(resource string) {
			s.setFault(func(_ *http.Request, c call) (*http.Response, error) {
				if c.resource == resource {
					return answer(403, `{"message":"namespaces is forbidden: User \"system:serviceaccount:logs:agent\" cannot list resource"}`), nil
				}
				return nil, nil
			})
		}
		forbid(namespacesResource)
		w := start(t, s, nil, Rules{Labels: []Field{{Key: "team", From: FromNamespace}}})
		defer w.Close()
		tracked := w.Track(keyOf(web))
		pass(time.Hour)
		assert.Equal(t, "1", label(tracked))
		assert.Equal(t, []string{"namespaces is ill"}, w.said())
		require.ErrorContains(t, w.errs[0], `list namespaces: https://api answers 403 Forbidden: namespaces is forbidden: `+
			`User "system:serviceaccount:logs:agent" cannot list resource; a ClusterRole of the service account needs the rule `+
			`{apiGroups: [""], resources: [namespaces], verbs: [list, watch]}`)
		assert.LessOrEqual(t, s.count("list namespaces"), 60*60/10)
		forbid("")
		pass(time.Minute)
		assert.Equal(t, []string{"namespaces is ill", "namespaces is well"}, w.said())
	})
}

func TestARightThatComesLate(t *testing.T) {
	bubble(t, "ends all that was wrong without it", func(t *testing.T) {
		web := podOf("shop", "web", "1")
		s := newServer(web)
		s.setFault(func(*http.Request, call) (*http.Response, error) { return answer(403, "{}"), nil })
		w := start(t, s, nil, Rules{})
		defer w.Close()
		tracked := w.Track(keyOf(web))
		pass(time.Hour)
		assert.ElementsMatch(t, []string{"pods is ill", "single pods is ill"}, w.said())
		s.setFault(nil)
		pass(2 * time.Minute)
		assert.Equal(t, "1", label(tracked))
		assert.ElementsMatch(t, []string{"pods is ill", "single pods is ill", "pods is well", "single pods is well"}, w.said())
	})
}

func TestPodsWaitForTheirNamespaces(t *testing.T) {
	namespace := &corev1.Namespace{}
	namespace.Name, namespace.Labels = "shop", map[string]string{"team": "red"}
	web := podOf("shop", "web", "1")
	rules := Rules{Labels: []Field{{Key: "team", TagName: "team", From: FromNamespace}}}
	for _, tt := range []struct {
		name  string
		fault func(*http.Request) (*http.Response, error)
		// until is when the pod is known, want what.
		until time.Duration
		want  string
	}{
		{"that come later", func(*http.Request) (*http.Response, error) { <-time.After(3 * time.Second); return nil, nil }, 3 * time.Second, "team=red"},
		{"that may not be read", func(*http.Request) (*http.Response, error) { return answer(403, "{}"), nil }, 0, ""},
		{"that do not come, for 5 s", func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }, 5 * time.Second, ""},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			s := newServer(web, namespace)
			s.setFault(func(r *http.Request, c call) (*http.Response, error) {
				if c.String() == "list namespaces" {
					return tt.fault(r)
				}
				return nil, nil
			})
			w := start(t, s, nil, rules)
			defer w.Close()
			tracked := w.Track(keyOf(web))
			if tt.until > 0 {
				pass(tt.until - time.Millisecond)
				require.Equal(t, "nothing", label(tracked))
			}
			pass(2 * time.Millisecond)
			require.NotNil(t, tracked.Known())
			assert.Equal(t, tt.want, text(tracked.Known().Attributes("app", 0)))
			assert.Zero(t, s.count("get pods"), "the pod is known, but not all of it")
		})
	}
}

func TestErrorsHaveNoPassword(t *testing.T) {
	assert.Equal(t, "https://me:xxxxx@api:6443", (&Connection{URL: "https://me:secret@api:6443"}).String())
	assert.Equal(t, "the API server", (&Connection{URL: "https://me:secret@%"}).String())
}

func TestASlowList(t *testing.T) {
	bubble(t, "of 30 s is waited for, and a pod that is needed meanwhile is asked for alone", func(t *testing.T) {
		web, api := podOf("shop", "web", "1"), podOf("shop", "api", "2")
		s := newServer(web, api)
		s.setFault(func(r *http.Request, c call) (*http.Response, error) {
			if c.verb != "list" {
				return nil, nil
			}
			select {
			case <-time.After(30 * time.Second):
				return nil, nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		w := start(t, s, nil, Rules{})
		defer w.Close()
		tracked := w.Track(keyOf(web))
		pass(2 * time.Second)
		assert.Equal(t, "1", label(tracked))
		assert.Equal(t, 1, w.Stats().Known)
		pass(29 * time.Second)
		assert.Equal(t, 2, w.Stats().Known)
		assert.Equal(t, 1, s.count("list pods"))
		assert.Empty(t, w.said())
	})
}

func TestCloseDoesNotWait(t *testing.T) {
	for name, fault := range map[string]func(*http.Request, call) (*http.Response, error){
		"for the server": nil,
		"for a pause":    func(*http.Request, call) (*http.Response, error) { return nil, syscall.ECONNREFUSED },
		"for an answer": func(r *http.Request, _ call) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"for a right again": func(*http.Request, call) (*http.Response, error) { return answer(403, "{}"), nil },
	} {
		bubble(t, name, func(t *testing.T) {
			s := newServer(podOf("shop", "web", "1"))
			s.setFault(fault)
			w := start(t, s, nil, Rules{})
			w.Track(Key{Namespace: "shop", Name: "none", UID: "x"})
			pass(100 * time.Second)
			before := time.Now()
			w.Close()
			assert.Zero(t, time.Since(before))
		})
	}
}

func TestThePaceIsShared(t *testing.T) {
	bubble(t, "one request after each pause, whoever waits, and all of them at once when the server is back", func(t *testing.T) {
		timing := defaultTiming
		p := newPace(&timing)
		for range 5 {
			p.failed(0)
		}
		began := time.Now()
		waits := make(chan time.Duration, 4)
		for range 4 {
			go func() {
				assert.NoError(t, p.wait(context.Background()))
				waits <- time.Since(began)
			}()
		}
		first := <-waits
		assert.GreaterOrEqual(t, first, 10*time.Second)
		assert.Less(t, first, 15*time.Second)
		second := <-waits
		assert.GreaterOrEqual(t, second-first, 10*time.Second)
		p.answered()
		assert.Equal(t, second, <-waits)
		assert.Equal(t, second, <-waits)
	})
	bubble(t, "a server that wants to be left alone is, ten minutes at most", func(t *testing.T) {
		timing := defaultTiming
		p := newPace(&timing)
		began := time.Now()
		p.failed(3 * time.Minute)
		require.NoError(t, p.wait(t.Context()))
		assert.Equal(t, 3*time.Minute, time.Since(began))
		p.failed(100 * time.Hour)
		require.NoError(t, p.wait(t.Context()))
		assert.Equal(t, 13*time.Minute, time.Since(began))
	})
}

func TestReadList(t *testing.T) {
	for _, tt := range []struct{ name, body, items, want string }{
		{name: "items after metadata", body: `{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b":2}]}`, items: `{"a":1} {"b":2}`},
		{name: "items before metadata", body: `{"items":[{"a":1}],"apiVersion":"v1","metadata":{"resourceVersion":"7"}}`, items: `{"a":1}`},
		{name: "no items", body: `{"metadata":{"resourceVersion":"7"},"items":null}`},
		{name: "no version", body: `{"items":[{"a":1}]}`, items: `{"a":1}`, want: "the answer is no list"},
		{name: "nothing", body: ``, want: "unexpected EOF"},
		{name: "cut in an item", body: `{"metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b"`, items: `{"a":1}`, want: "unexpected EOF"},
		{name: "cut between items", body: `{"metadata":{"resourceVersion":"7"},"items":[{"a":1}`, items: `{"a":1}`, want: "unexpected EOF"},
		{name: "cut before the end", body: `{"metadata":{"resourceVersion":"7"},"items":[{"a":1}]`, items: `{"a":1}`, want: "unexpected EOF"},
		{name: "an array", body: `[]`, want: "[ instead of {"},
		{name: "items that are none", body: `{"items":{}}`, want: "the items begin with {"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var items []string
			m, err := readList(strings.NewReader(tt.body), func(item []byte) error {
				items = append(items, string(item))
				return nil
			})
			assert.Equal(t, tt.items, strings.Join(items, " "))
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "7", m.ResourceVersion)
		})
	}
	stop := errors.New("stop")
	_, err := readList(strings.NewReader(`{"items":[1]}`), func([]byte) error { return stop })
	require.ErrorIs(t, err, stop)
	_, err = readList(io.LimitReader(strings.NewReader(`{"items":[1]}`), 3), nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
