// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/cenkalti/backoff/v7"
)

// The EC2 API takes a form and answers with XML. Its client library is 30 MB of binary for two calls.

type ec2Tag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

type ec2Tags struct {
	Tags []ec2Tag `xml:"tagSet>item"`
}

type ec2Instances struct {
	Reservations []struct {
		Owner     string `xml:"ownerId"`
		Instances []struct {
			ImageID    string   `xml:"imageId"`
			Type       string   `xml:"instanceType"`
			PrivateDNS string   `xml:"privateDnsName"`
			Tags       []ec2Tag `xml:"tagSet>item"`
		} `xml:"instancesSet>item"`
	} `xml:"reservationSet>item"`
}

// describeTags returns the tags of an instance. It needs the right ec2:DescribeTags.
func describeTags(ctx context.Context, client *http.Client, region, instance string) (tags ec2Tags, err error) {
	err = callEC2(ctx, client, region, "DescribeTags", map[string]string{"Filter.1.Name": "resource-id", "Filter.1.Value.1": instance}, &tags)
	return tags, err
}

// describeInstance returns an instance. It needs the right ec2:DescribeInstances.
func describeInstance(ctx context.Context, client *http.Client, region, instance string) (instances ec2Instances, err error) {
	err = callEC2(ctx, client, region, "DescribeInstances", map[string]string{"InstanceId.1": instance}, &instances)
	return instances, err
}

// callEC2 tries three times: the API slows down callers as a matter of course.
func callEC2(ctx context.Context, client *http.Client, region, action string, parameters map[string]string, into any) error {
	form := url.Values{"Action": {action}, "Version": {"2016-11-15"}}
	for name, value := range parameters {
		form.Set(name, value)
	}
	answer, err := backoff.Retry(ctx, func() ([]byte, error) {
		answer, err := signedRequest(ctx, client, region, form.Encode())
		var status *statusError
		if errors.As(err, &status) && status.code < 500 && status.code != http.StatusTooManyRequests {
			return nil, backoff.Permanent(err)
		}
		return answer, err
	}, backoff.WithMaxTries(3))
	if err = lastOf(err); err != nil {
		return fmt.Errorf("EC2 API in %s, %s: %w", region, action, err)
	}
	if err := xml.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("EC2 API in %s, %s: the answer is not the XML that was expected", region, action)
	}
	return nil
}

func signedRequest(ctx context.Context, client *http.Client, region, body string) ([]byte, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	endpoint := ec2Endpoint(region, cfg.BaseEndpoint)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(body))
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, backoff.Permanent(fmt.Errorf("no credentials: %w", err))
	}
	hash := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(hash[:]), "ec2", region, time.Now()); err != nil {
		return nil, backoff.Permanent(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(&boundedBody{ReadCloser: response.Body, left: maxAnswer})
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, &statusError{code: response.StatusCode, message: response.Status + ec2ErrorCode(answer)}
	}
	return answer, nil
}

// ec2Endpoint returns where the API of a region is: what the user says in the variables of the AWS SDKs, or its name.
func ec2Endpoint(region string, all *string) string {
	if own := os.Getenv("AWS_ENDPOINT_URL_EC2"); own != "" {
		return own
	}
	if all != nil && *all != "" {
		return *all
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://ec2." + region + "." + domain + "/"
}

// ec2ErrorCode returns the word that says what was wrong. The message beside it may hold an encoded policy.
func ec2ErrorCode(answer []byte) string {
	var failure struct {
		Code string `xml:"Errors>Error>Code"`
	}
	if xml.Unmarshal(answer, &failure) != nil || failure.Code == "" {
		return ""
	}
	return ", " + failure.Code
}
