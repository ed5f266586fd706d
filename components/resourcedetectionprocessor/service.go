// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

// metadataService is a cloud that describes a machine by plain HTTP: in one JSON document, or in a text for each value.
type metadataService struct {
	name     string
	section  func(*DetectorConfig) StrictSection
	provider string
	platform string
	schema   string

	// internet is for a service with a public name, which may lie behind a proxy.
	internet bool
	// probe is asked first with HEAD, for at most 200 ms; without an answer this is another cloud.
	probe string
	// headers go with each request, token adds one.
	headers map[string]string
	token   *serviceToken
	// documents are addresses of one JSON document; the first that answers counts. fields are attributes by the path of
	// their value in it.
	documents []string
	fields    map[string]string
	// texts are attributes by the address of their value.
	texts map[string]string
	// sparse leaves out what the service does not say; otherwise it is empty.
	sparse bool
	// first is the attribute of a sparse service without which this is another cloud.
	first string
	// derive adds what follows from other values.
	derive func(values map[string]string)
}

// serviceToken is asked for with PUT and sent along in a header.
type serviceToken struct {
	url     string
	headers map[string]string
	body    string
	read    func(answer []byte) (token string, err error)
	header  string
	prefix  string
}

// service makes the detector of a metadata service.
func service(m metadataService) func(settings) (detect, error) {
	return func(s settings) (detect, error) {
		section := m.section(s.sections)
		s.strict = s.strict || section.warnIfStrict(s.logger, m.name)
		client := metadataClient(2 * time.Second)
		if m.internet {
			client = internetClient(nil)
		}
		return func(ctx context.Context, _ *http.Client) (finding, error) {
			if m.probe != "" && !m.probed(ctx, client) {
				s.logger.Debug("No answer of the metadata service, so this is another platform", zap.String("platform", m.name))
				return nothing(), nil
			}
			values, err := m.values(ctx, client)
			if err != nil {
				return s.absent(m.name, err)
			}
			if m.derive != nil {
				m.derive(values)
			}
			found := section.ResourceAttributes.facts()
			found.schemaURL = m.schema
			found.cloud(m.provider, m.platform)
			for name, value := range values {
				if !m.sparse || value != "" {
					found.text(name, value)
				}
			}
			return found.finding, nil
		}, nil
	}
}

func (m metadataService) probed(ctx context.Context, client *http.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, err := ask(ctx, client, http.MethodHead, m.probe, m.headers, "")
	return err == nil
}

func (m metadataService) values(ctx context.Context, client *http.Client) (map[string]string, error) {
	headers := maps.Clone(m.headers)
	if m.token != nil {
		token, err := m.token.get(ctx, client)
		if err != nil {
			return nil, err
		}
		if headers == nil {
			headers = map[string]string{}
		}
		headers[m.token.header] = m.token.prefix + token
	}
	values := map[string]string{}
	if len(m.documents) > 0 {
		document, err := firstDocument(ctx, client, m.documents, headers)
		if err != nil {
			return nil, err
		}
		for name, path := range m.fields {
			if values[name], err = field(document, path); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.texts)) {
		value, err := getText(ctx, client, m.texts[name], headers)
		if err != nil && (!m.sparse || name == m.first) {
			return nil, err
		}
		if err == nil {
			values[name] = strings.TrimSpace(value)
		}
	}
	if m.first != "" && values[m.first] == "" {
		return nil, fmt.Errorf("the answer has no %s", m.first)
	}
	return values, nil
}

func (t *serviceToken) get(ctx context.Context, client *http.Client) (string, error) {
	answer, err := ask(ctx, client, http.MethodPut, t.url, t.headers, t.body)
	if err != nil {
		return "", err
	}
	token, err := t.read(answer)
	if err == nil && token == "" {
		err = errors.New("there is none")
	}
	if err != nil {
		return "", fmt.Errorf("PUT %s: no token in the answer: %w", t.url, err)
	}
	return token, nil
}

// firstDocument reads a document with its numbers as they are written: IDs do not fit into a float.
func firstDocument(ctx context.Context, client *http.Client, urls []string, headers map[string]string) (map[string]any, error) {
	var errs []error
	for _, url := range urls {
		answer, err := ask(ctx, client, http.MethodGet, url, headers, "")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(answer))
		decoder.UseNumber()
		var document map[string]any
		if err := decoder.Decode(&document); err != nil {
			return nil, fmt.Errorf("GET %s: the answer is not the JSON that was expected: %w", url, err)
		}
		return document, nil
	}
	return nil, errors.Join(errs...)
}

// field returns the value at a path such as image.id, or nothing if it is missing.
func field(document map[string]any, path string) (string, error) {
	var value any = document
	for key := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return "", fmt.Errorf("%s in the answer is below something that is no object", path)
		}
		if value = object[key]; value == nil {
			return "", nil
		}
	}
	switch value := value.(type) {
	case string:
		return value, nil
	case json.Number:
		return value.String(), nil
	}
	return "", fmt.Errorf("%s in the answer is neither a text nor a number", path)
}
