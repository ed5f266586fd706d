// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// Detectors that ask a metadata service without being told by a variable where it is.
var askers = []string{"akamai", "alibaba_ecs", "azure", "digitalocean", "ec2", "hetzner", "ibmcloud_vpc", "nova", "scaleway",
	"tencent_cvm", "upcloud", "vultr"}

func yamlFor(detector string, strict bool) string {
	yaml := "detectors: [" + detector + "]\nretry: {enabled: false}\ntimeout: 60ms\nec2: {max_attempts: 1}\n"
	if strict {
		yaml += "fail_on_missing_metadata: true\n"
	}
	return yaml
}

func TestAServiceThatDoesNotWorkIsAnotherPlatformUnlessItHasToBeThere(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"no such page", http.NotFound},
		{"an error of the server", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }},
		{"garbage", func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "meta-data") || strings.Contains(r.URL.Path, "hetzner") {
				w.WriteHeader(http.StatusTeapot) // A text cannot be garbage.
			}
			_, _ = w.Write([]byte("<html>\xff"))
		}},
		{"a list where an object is due", func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "meta-data") || strings.Contains(r.URL.Path, "hetzner") {
				w.WriteHeader(http.StatusTeapot)
			}
			_, _ = w.Write([]byte("[[1]]"))
		}},
		{"too slow", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // Only then the server sees that the client leaves.
			<-r.Context().Done()
		}},
		{"an answer without an end", func(w http.ResponseWriter, r *http.Request) {
			for block := make([]byte, 1<<16); r.Context().Err() == nil; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}},
		{"a redirection", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			world.handle(t, tt.handler)
			for _, detector := range askers {
				got := ours(t, yamlFor(detector, false), attributes{"own": "x"})
				require.NoError(t, got.err, detector)
				assert.Equal(t, attributes{"own": "x"}, got.resource, detector)
				require.ErrorContains(t, ours(t, yamlFor(detector, true), nil).err, "detector "+detector, detector)
			}
		})
	}
}

func TestAServiceThatIsDownIsAnotherPlatform(t *testing.T) {
	dial := dialMetadata
	t.Cleanup(func() { dialMetadata = dial })
	dialMetadata = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
	t.Setenv("GCE_METADATA_HOST", "")
	for _, detector := range append([]string{"oraclecloud", "gcp"}, askers...) {
		got := ours(t, yamlFor(detector, false), nil)
		require.NoError(t, got.err, detector)
		assert.Empty(t, got.resource, detector)
	}
}

func TestAnswersAreReadUpToOneMebibyte(t *testing.T) {
	size := maxAnswer
	world.handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) }))
	answer, err := getText(t.Context(), metadataClient(1<<30), "http://metadata/", nil)
	require.NoError(t, err)
	assert.Len(t, answer, maxAnswer)
	size++
	_, err = getText(t.Context(), metadataClient(1<<30), "http://metadata/", nil)
	require.ErrorIs(t, err, errAnswerTooLong)
}

func TestErrorsOfTheEnvironmentNameThePlaceAndNotTheText(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "a=b,"+secret)
	err := ours(t, `{detectors: [env], retry: {enabled: false}}`, nil).err
	require.ErrorContains(t, err, "OTEL_RESOURCE_ATTRIBUTES: no key=value at character 5")
	assert.NotContains(t, err.Error(), secret)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=%"+secret)
	err = ours(t, `{detectors: [env], retry: {enabled: false}}`, nil).err
	require.ErrorContains(t, err, `the value of "team"`)
	assert.NotContains(t, err.Error(), secret)
}

func TestNoTokenIsEverPrinted(t *testing.T) {
	t.Setenv("CONSUL_HTTP_TOKEN", secret)
	core, printed := observer.New(zapcore.DebugLevel)
	for name, yaml := range map[string]string{
		"Alibaba": `{detectors: [alibaba_ecs]`, "Akamai": `{detectors: [akamai]`, "IBM": `{detectors: [ibmcloud_vpc]`,
		"EC2": `{detectors: [ec2], ec2: {tags: [.*]}`, "GCP": `{detectors: [gcp], gcp: {labels: [.*]}`,
		"Consul":    `{detectors: [consul], consul: {address: "` + world.address + `"}`,
		"OpenShift": `{detectors: [openshift], openshift: {address: "http://` + world.address + `", token: ` + secret + `, tls: {insecure: true}}`,
	} {
		t.Run(name, func(t *testing.T) {
			// Tokens are given, what is asked with them is refused with an answer that repeats them.
			world.handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if answer, ok := and(and(instance, google), replies{"PUT /v1/token": `["` + secret + `"]`,
					"PUT /identity/v1/token": `{"access_token": "` + secret + `"}`})[strings.TrimPrefix(r.Method+" ", "GET ")+r.URL.Path]; ok {
					w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
					_, _ = w.Write([]byte(answer))
					return
				}
				http.Error(w, `{"token": "`+secret+`"}`, http.StatusForbidden)
			}))
			for _, strict := range []string{", fail_on_missing_metadata: true", ""} {
				got := runWith(t, NewFactory(), yaml+strict+`, retry: {enabled: false}}`, nil, zap.New(core))
				if got.err != nil {
					assert.NotContains(t, got.err.Error(), secret)
				}
			}
		})
	}
	require.NotZero(t, printed.Len())
	for _, entry := range printed.All() {
		for _, field := range entry.Context {
			if err, ok := field.Interface.(error); ok {
				assert.NotContains(t, err.Error(), secret)
			}
		}
		assert.NotContains(t, entry.Message, secret)
	}
}
