// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// variableName is what the env provider takes for a name.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// maxDocument bounds a file, in bytes. A ConfigMap cannot be larger, and YAML of some shapes is read in square time.
const maxDocument = 1 << 20

var errTooLarge = errors.New("it is larger than 1 MiB, which no configuration is")

var errCircular = errors.New("the reference leads back to itself")

// recorder passes retrievals on to a provider and remembers the documents. It answers with an empty document
// where the provider fails: the resolver would stop at the first failure, and the message shall have all.
type recorder struct {
	confmap.Provider
	checker *Checker
}

func (r *recorder) Retrieve(ctx context.Context, uri string, watch confmap.WatcherFunc) (*confmap.Retrieved, error) {
	round := r.checker.current()
	scheme, rest, _ := strings.Cut(uri, ":")
	top := round.retrieved < r.checker.sources
	round.retrieved++

	if round.again != nil {
		text := round.again.document(uri)
		round.add(uri, text, top)
		return confmap.NewRetrievedFromYAML([]byte(text))
	}
	if scheme == "env" && variableName.MatchString(rest) {
		if _, set := os.LookupEnv(rest); !set {
			round.missing[rest] = true
			if top {
				round.fail(failure{uri: uri, top: true, unset: rest})
			}
			// The provider is not asked, as it would log a warning beside our message.
			return confmap.NewRetrievedFromYAML(nil)
		}
	}

	retrieved, err := r.retrieve(ctx, uri, watch)
	if err == nil && top {
		_, err = retrieved.AsConf()
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		round.fail(failure{uri: uri, top: top, err: err})
		return confmap.NewRetrievedFromYAML(nil)
	}

	// Providers that read YAML keep the text. One that does not leaves us without lines, which is no reason
	// to refuse its configuration.
	text, err := retrieved.AsString()
	if err != nil {
		text = ""
	}
	if !top && round.circular(uri, text) {
		round.fail(failure{uri: uri, err: errCircular})
		return confmap.NewRetrievedFromYAML(nil)
	}
	round.add(uri, text, top)
	return retrieved, nil
}

// retrieve asks the provider, unless a file is too large to be a configuration.
func (r *recorder) retrieve(ctx context.Context, uri string, watch confmap.WatcherFunc) (*confmap.Retrieved, error) {
	if path, isFile := strings.CutPrefix(uri, "file:"); isFile {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() > maxDocument {
			return nil, errTooLarge
		}
	}
	return r.Provider.Retrieve(ctx, uri, watch)
}
