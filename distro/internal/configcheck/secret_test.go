// SPDX-License-Identifier: Apache-2.0

package configcheck_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/confmap"

	"github.com/tributary-otel/tributary/distro/internal/configcheck"
)

// secret must not be in any message. It has characters that quoting and escaping change.
const secret = `s3cr3t"hunter2`

func TestNoSecretIsEverPrinted(t *testing.T) {
	for name, file := range map[string]string{
		"a header of the wrong type":         `exporters: {otlp_http: {headers: {authorization: ['SECRET', {a: 'SECRET'}]}}}`,
		"headers of the wrong type":          `exporters: {otlp_http: {headers: 'SECRET'}}`,
		"headers in a list":                  `exporters: {otlp_http: {headers: [{name: authorization, value: 'SECRET', x: 1}]}}`,
		"a token of the wrong type":          `extensions: {bearertokenauth: {token: ['SECRET']}}`,
		"a token that is a map":              `extensions: {bearertokenauth: {token: {value: 'SECRET'}}}`,
		"a password beside an unknown key":   `extensions: {basicauth: {client_auth: {username: u, password: 'SECRET', realm: x}}}`,
		"a misspelt password":                `extensions: {basicauth: {client_auth: {username: u, pasword: 'SECRET'}}}`,
		"a password below an unknown key":    `extensions: {basicauth: {client: {username: u, password: 'SECRET'}}}`,
		"an unknown key in front of a token": `extensions: {bearertokenauth: {tokn: 'SECRET'}}`,
		"user names in an inline list":       `extensions: {basicauth: {htpasswd: {inlined: 'u:SECRET'}, htpasswd_inline: 'u:SECRET'}}`,
		"a token of an unknown component":    `extensions: {oauth: {client_secret: 'SECRET'}}`,
		"a password in a URL":                `exporters: {otlp_http: {endpoint: 'http://user:SECRET@host:port:1/'}}`,
		"a password in a URL with spaces":    `exporters: {otlp_http: {endpoint: 'http://user:a SECRET b@host:1/'}}`,
		"a password in an address":           `receivers: {otlp: {protocols: {grpc: {endpoint: 'user:SECRET@host'}, http: {endpoint: ['user:SECRET@host']}}}}`,
		"a default in place of a variable":   `exporters: {otlp_http: {timeout: x, headers: {a: "${env:UNSET:-SECRET}", b: "${UNSET:-SECRET}"}}}`,
		"a literal reference":                `extensions: {bearertokenauth: {token: "${yaml:SECRET}", scheme: [1]}}`,
		"a token in a broken document":       "extensions:\n  bearertokenauth:\n    token: SECRET: {\n",
		"a token as an anchor":               "extensions:\n  bearertokenauth:\n    token: *SECRET\n",
		"a token in a bad escape":            "extensions:\n  bearertokenauth:\n    token: \"\\qSECRET\"\n",
		"a token behind a tab":               "extensions:\n  bearertokenauth:\n\ttoken: SECRET\n",
		"a token twice":                      "extensions:\n  bearertokenauth:\n    token: SECRET\n    token: SECRET\n",
		"a token in a text":                  "exporters: {otlp_http: {flavour: 'a=b, token=SECRET'}}",
		"a token that is the whole document": "SECRET",
		"a conflict":                         `exporters: {otlp_http: {headers: {a: x, b: 'SECRET'}}, nop: {password: 'SECRET'}}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range []string{secret, "s3cr3thunter2", "hunter2"} {
				inYAML := strings.NewReplacer(`'SECRET'`, `'`+s+`'`, "SECRET", strings.ReplaceAll(s, `"`, ""))
				files := write(t, good, inYAML.Replace(file),
					`exporters: {otlp_http: {headers: {b: other, a: other}, endpoint: "http://h"}, nop: {password: other}}`)
				err := validate(t, files...)
				require.Error(t, err)
				assert.NotContains(t, err.Error(), s)
				assert.NotContains(t, err.Error(), "hunter2")
			}
		})
	}
}

func TestASecretFromElsewhereIsNotPrinted(t *testing.T) {
	t.Setenv("TOKEN", "s3cr3thunter2")
	t.Setenv("MAP", "{token: s3cr3thunter2, scheme: [s3cr3thunter2]}")
	for name, file := range map[string]string{
		"a variable where a list belongs":   `receivers: {filelog: {include: [/x], operators: "${env:TOKEN}", headers: {a: "${env:TOKEN}"}}}`,
		"a variable that also is a header":  `exporters: {otlp_http: {timeout: "${env:TOKEN}", headers: {a: "Bearer ${env:TOKEN}"}}}`,
		"a variable that holds a component": `extensions: {bearertokenauth: "${env:MAP}"}`,
		"a file that is also a header":      `exporters: {otlp_http: {timeout: "${file:c.yaml}", headers: {a: "${file:c.yaml}"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			files := write(t, good, file, "s3cr3thunter2")
			err := validate(t, files[:2]...)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestTheNameOfASecretFileIsPrinted(t *testing.T) {
	files := write(t, good, `exporters: {otlp_http: {endpoint: "https://h", tls: {key_file: [/etc/key.pem]}}}`)
	assert.ErrorContains(t, validate(t, files...), `exporters::otlp_http::tls::key_file: must be text, not a list (found: ["/etc/key.pem"])`)
}

// documents is a provider that has files in memory.
type documents map[string]string

func (documents) Scheme() string                 { return "file" }
func (documents) Shutdown(context.Context) error { return nil }

func (d documents) Retrieve(_ context.Context, uri string, _ confmap.WatcherFunc) (*confmap.Retrieved, error) {
	if text, ok := d[strings.TrimPrefix(uri, "file:")]; ok {
		return confmap.NewRetrievedFromYAML([]byte(text))
	}
	return nil, fmt.Errorf("there is no %s", uri)
}

func FuzzCheck(f *testing.F) {
	const planted = `
exporters:
  otlp_http/planted:
    endpoint: https://user:s3cr3thunter2@host:port
    timeout: soon
    headers: {authorization: Bearer s3cr3thunter2}
extensions:
  bearertokenauth/planted:
    token: s3cr3thunter2
    tokens: [s3cr3thunter2]
    scheme: [1]
`
	for _, seed := range []string{
		good, "", "a: b: c", "exporters: {nop: {a: 1}}", "x: &a [*a]", "exporters: *x", "? {a: b}\n: c", "a: ${file:b}",
		"exporters:\n  otlp_http: {timeout: ${env:NONE}, headers: [1]}", "service: {pipelines: {logs: {receivers: [1]}}}",
		"exporters: {otlp_http/planted: {endpoint: 5, headers: 3}}", "a: |\n", "a: \"", "receivers::otlp::protocols: 3",
		"extensions: ${file:fuzz}", "<<: {exporters: 1}", "exporters: {<<: [{nop: 1}, {nop: 2}]}", "k: !!binary x", "--- a\n--- b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, files := range []documents{
			{"fuzz": text, "planted": planted},
			{"fuzz": "", "planted": text + planted},
		} {
			set := settings("file:planted", "file:fuzz")
			set.ConfigProviderSettings.ResolverSettings.ProviderFactories = append(
				set.ConfigProviderSettings.ResolverSettings.ProviderFactories[:1],
				confmap.NewProviderFactory(func(confmap.ProviderSettings) confmap.Provider { return files }))
			checker := configcheck.New(set.Factories)
			checker.Install(&set)
			resolver, err := confmap.NewResolver(set.ConfigProviderSettings.ResolverSettings)
			require.NoError(t, err)
			_, err = resolver.Resolve(t.Context())
			require.NoError(t, resolver.Shutdown(t.Context()))
			if err = checker.Explain(err); err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("a secret is in the message:\n%s", err)
			}
		}
	})
}
