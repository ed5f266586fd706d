// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// instanceMetadata is the metadata service of an EC2 instance. AWS_EC2_METADATA_SERVICE_ENDPOINT moves it, and
// AWS_EC2_METADATA_DISABLED turns it off.
type instanceMetadata struct{ client *imds.Client }

// newInstanceMetadata gives up early: on a machine that is no instance nothing answers.
func newInstanceMetadata(attempts int, backoff time.Duration) (instanceMetadata, error) {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		return instanceMetadata{}, err
	}
	cfg.Logger = nil // It would write past the Collector's log.
	cfg.HTTPClient = metadataClient(250 * time.Millisecond)
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = attempts
			o.MaxBackoff = backoff
		})
	}
	return instanceMetadata{imds.NewFromConfig(cfg)}, nil
}

func (m instanceMetadata) get(ctx context.Context, path string) (string, error) {
	answer, err := m.client.GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
	if err != nil {
		return "", fmt.Errorf("EC2 metadata service, %s: %w", path, err)
	}
	defer answer.Content.Close()
	text, err := io.ReadAll(answer.Content)
	if err != nil {
		return "", fmt.Errorf("EC2 metadata service, %s: %w", path, err)
	}
	return string(text), nil
}

// addInstance adds what the instance's identity document says, and returns it.
func (m instanceMetadata) addInstance(ctx context.Context, found facts) (*imds.InstanceIdentityDocument, error) {
	answer, err := m.client.GetInstanceIdentityDocument(ctx, &imds.GetInstanceIdentityDocumentInput{})
	if err != nil {
		return nil, fmt.Errorf("EC2 metadata service, identity document: %w", err)
	}
	found.text("cloud.region", answer.Region)
	found.text("cloud.account.id", answer.AccountID)
	found.text("cloud.availability_zone", answer.AvailabilityZone)
	found.text("host.id", answer.InstanceID)
	found.text("host.image.id", answer.ImageID)
	found.text("host.type", answer.InstanceType)
	return &answer.InstanceIdentityDocument, nil
}
