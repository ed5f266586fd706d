// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// newNova returns the detector `nova`: an instance of OpenStack, as its metadata service describes it.
func newNova(s settings) (detect, error) {
	const base = "http://169.254.169.254"
	section := s.sections.Nova
	s.strict = s.strict || section.warnIfStrict(s.logger, "nova")
	wanted, err := newPatterns("labels", section.Labels)
	if err != nil {
		return nil, err
	}
	client := metadataClient(2 * time.Second)
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		var instance struct {
			Zone     string            `json:"availability_zone"`
			Hostname string            `json:"hostname"`
			Project  string            `json:"project_id"`
			UUID     string            `json:"uuid"`
			Meta     map[string]string `json:"meta"`
		}
		err := getJSON(ctx, client, base+"/openstack/latest/meta_data.json", nil, &instance)
		if err == nil && instance.UUID == "" {
			err = errors.New("the answer has no uuid")
		}
		if err != nil {
			return s.absent("OpenStack Nova", err)
		}
		if instance.Hostname == "" {
			return nothing(), errors.New("the metadata of OpenStack Nova has no hostname")
		}
		found := section.ResourceAttributes.facts()
		found.cloud("openstack", "openstack_nova")
		found.text("cloud.account.id", instance.Project)
		found.text("cloud.availability_zone", instance.Zone)
		found.text("host.id", instance.UUID)
		found.text("host.name", instance.Hostname)
		// Only the part of the service that imitates EC2 knows it, and that part can be missing.
		if kind, err := getText(ctx, client, base+"/latest/meta-data/instance-type", nil); err == nil {
			found.known("host.type", kind)
		}
		for key, value := range instance.Meta {
			if wanted.match(key) {
				found.resource.Attributes().PutStr("openstack.nova.meta."+key, value)
			}
		}
		return found.finding, nil
	}, nil
}
