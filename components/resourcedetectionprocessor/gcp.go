// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"cloud.google.com/go/compute/metadata"
	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.uber.org/zap"
)

// gcp is the detector `gcp`: any of Google's platforms, as the metadata server and the environment describe them.
type gcp struct {
	settings
	section  GCPSection
	labels   patterns
	metadata *metadata.Client
}

func newGCP(s settings) (detect, error) {
	labels, err := newPatterns("labels", s.sections.GCP.Labels)
	if err != nil {
		return nil, err
	}
	g := &gcp{settings: s, section: s.sections.GCP, labels: labels, metadata: metadata.NewClient(metadataClient(2 * time.Second))}
	return g.detect, nil
}

func (g *gcp) detect(ctx context.Context, api *http.Client) (finding, error) {
	found := g.section.ResourceAttributes.facts()
	if bareMetal(found) {
		return found.finding, nil
	}
	if !g.metadata.OnGCEWithContext(ctx) {
		return nothing(), nil
	}
	found.text("cloud.provider", conventions.CloudProviderGCP.Value.AsString())
	project, err := fromMetadata("project/project-id")(ctx, g.metadata)
	if err == nil {
		found.text("cloud.account.id", project)
	}
	errs, compute := []error{err}, false
	for _, p := range gcpPlatforms {
		if !p.here(ctx, g.metadata) {
			continue
		}
		found.text("cloud.platform", p.name)
		compute = p.name == conventions.CloudPlatformGCPComputeEngine.Value.AsString()
		errs = append(errs, g.describe(ctx, p, found))
		break
	}
	if err := errors.Join(errs...); err != nil {
		if g.strict {
			return nothing(), fmt.Errorf("no metadata of Google Cloud, which `fail_on_missing_metadata` asks for: %w", err)
		}
		g.logger.Debug("Attributes of Google Cloud are left out", zap.Error(err))
	}
	if compute && len(g.labels) > 0 {
		if err := g.addLabels(ctx, api, project, found); err != nil {
			g.logger.Warn("Cannot read the labels of the instance, they are left out", zap.Error(err))
		}
	}
	return found.finding, nil
}

// bareMetal adds what the user states on machines of Google that have no metadata server.
func bareMetal(found facts) bool {
	project, region, instance := os.Getenv("BMS_PROJECT_ID"), os.Getenv("BMS_REGION"), os.Getenv("BMS_INSTANCE_ID")
	if project == "" || region == "" || instance == "" {
		return false
	}
	found.cloud(conventions.CloudProviderGCP.Value.AsString(), conventions.CloudPlatformGCPBareMetalSolution.Value.AsString())
	found.text("cloud.account.id", project)
	found.text("cloud.region", region)
	found.text("host.name", instance)
	return true
}

func (g *gcp) describe(ctx context.Context, p gcpPlatform, found facts) error {
	var errs []error
	if p.zone != nil {
		errs = append(errs, p.zone(ctx, g.metadata, found))
	}
	for name, source := range p.attributes {
		value, err := source(ctx, g.metadata)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		found.text(name, value)
	}
	for name, source := range p.optional {
		if value, err := source(ctx, g.metadata); err == nil {
			found.text(name, value)
		} else {
			g.logger.Info("This attribute is not available", zap.String("attribute", name), zap.Error(err))
		}
	}
	return errors.Join(errs...)
}

// gceAPI is replaced in tests.
var gceAPI = "https://compute.googleapis.com/compute/v1"

// addLabels reads the labels, which only the Compute API knows, with the token of the instance's service account.
func (g *gcp) addLabels(ctx context.Context, client *http.Client, project string, found facts) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	zone, err := lastPart("instance/zone")(ctx, g.metadata)
	if err != nil {
		return err
	}
	name, err := fromMetadata("instance/name")(ctx, g.metadata)
	if err != nil {
		return err
	}
	answer, err := readGoogle(ctx, g.metadata, "instance/service-accounts/default/token")
	if err != nil {
		return err
	}
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(answer), &token); err != nil {
		return errors.New("the token of the service account is not the JSON that was expected")
	}
	var instance struct {
		Labels map[string]string `json:"labels"`
	}
	path, err := url.JoinPath(gceAPI, "projects", project, "zones", zone, "instances", name)
	if err != nil {
		return err
	}
	bound := *client
	bound.Transport = bounded{transportOf(client)}
	if err := getJSON(ctx, &bound, path, map[string]string{"Authorization": "Bearer " + token.Access}, &instance); err != nil {
		return err
	}
	for label, value := range instance.Labels {
		if g.labels.match(label) {
			found.resource.Attributes().PutStr("gcp.gce.instance.labels."+label, value)
		}
	}
	return nil
}

func transportOf(client *http.Client) http.RoundTripper {
	if client.Transport == nil {
		return http.DefaultTransport
	}
	return client.Transport
}
