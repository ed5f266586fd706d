// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.uber.org/zap"
)

// newEC2 returns the detector `ec2`: the instance, as its metadata service describes it.
func newEC2(s settings) (detect, error) {
	section := s.sections.EC2
	s.strict = s.strict || section.warnIfStrict(s.logger, "ec2")
	metadata, err := newInstanceMetadata(section.MaxAttempts, section.MaxBackoff)
	if err != nil {
		return nil, err
	}
	wanted, err := newPatterns("tags", section.Tags)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, api *http.Client) (finding, error) {
		if _, err := metadata.get(ctx, "instance-id"); err != nil {
			return s.absent("EC2", err)
		}
		found := section.ResourceAttributes.facts()
		found.cloud("aws", conventions.CloudPlatformAWSEC2.Value.AsString())
		about, err := metadata.addInstance(ctx, found)
		if err != nil {
			return nothing(), err
		}
		hostname, err := metadata.get(ctx, "hostname")
		if err != nil {
			return nothing(), err
		}
		found.text("host.name", hostname)
		if len(wanted) == 0 {
			return found.finding, nil
		}
		var tags map[string]string
		if section.TagsFromIMDS {
			tags, err = metadata.tags(ctx, wanted)
		} else {
			tags, err = tagsFromAPI(ctx, api, about.Region, about.InstanceID, wanted)
		}
		if err != nil {
			s.logger.Warn("Cannot read the tags of the instance, those that are missing are left out", zap.Error(err))
		}
		for key, value := range tags {
			found.resource.Attributes().PutStr("ec2.tag."+key, value)
		}
		return found.finding, nil
	}, nil
}

func tagsFromAPI(ctx context.Context, client *http.Client, region, instance string, wanted patterns) (map[string]string, error) {
	answer, err := describeTags(ctx, client, region, instance)
	tags := map[string]string{}
	for _, tag := range answer.Tags {
		if wanted.match(tag.Key) {
			tags[tag.Key] = tag.Value
		}
	}
	return tags, err
}

// tags reads the tags one by one. It needs InstanceMetadataTags turned on.
func (m instanceMetadata) tags(ctx context.Context, wanted patterns) (map[string]string, error) {
	keys, err := m.get(ctx, "tags/instance")
	if err != nil {
		return nil, err
	}
	tags, errs := map[string]string{}, []error{}
	for key := range strings.SplitSeq(keys, "\n") {
		if key = strings.TrimSpace(key); key == "" || !wanted.match(key) {
			continue
		}
		value, err := m.get(ctx, "tags/instance/"+key)
		if err != nil {
			errs = append(errs, fmt.Errorf("tag %q: %w", key, err))
			continue
		}
		tags[key] = value
	}
	return tags, errors.Join(errs...)
}

// warnIfStrict returns the detector's own setting, and says that there is a better one.
func (s StrictSection) warnIfStrict(logger *zap.Logger, detector string) bool {
	if s.FailOnMissingMetadata {
		logger.Warn("The setting fail_on_missing_metadata of a detector is deprecated; use that of the processor",
			zap.String("detector", detector))
	}
	return s.FailOnMissingMetadata
}
