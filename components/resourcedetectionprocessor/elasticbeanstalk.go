// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"runtime"
	"strconv"

	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// beanstalkFile is what Elastic Beanstalk writes for the X-Ray daemon, if X-Ray is turned on. Replaced in tests.
var beanstalkFile = func() string {
	if runtime.GOOS == "windows" {
		return `C:\Program Files\Amazon\XRay\environment.conf`
	}
	return "/var/elasticbeanstalk/xray/environment.conf"
}()

// newElasticBeanstalk returns the detector `elastic_beanstalk`.
func newElasticBeanstalk(s settings) (detect, error) {
	section := s.sections.ElasticBeanstalk
	return func(context.Context, *http.Client) (finding, error) {
		file, err := os.Open(beanstalkFile)
		if errors.Is(err, fs.ErrNotExist) {
			return s.absent("Elastic Beanstalk", err)
		}
		if err != nil {
			return nothing(), err
		}
		defer file.Close()
		var about struct {
			Deployment  int    `json:"deployment_id"`
			Environment string `json:"environment_name"`
			Version     string `json:"version_label"`
		}
		if err := json.NewDecoder(io.LimitReader(file, maxAnswer)).Decode(&about); err != nil {
			return nothing(), fmt.Errorf("%s is not the JSON that Elastic Beanstalk writes: %w", beanstalkFile, err)
		}
		found := section.ResourceAttributes.facts()
		found.cloud("aws", conventions.CloudPlatformAWSElasticBeanstalk.Value.AsString())
		found.text("service.version", about.Version)
		found.text("deployment.environment", about.Environment)
		found.text("service.instance.id", strconv.Itoa(about.Deployment))
		return found.finding, nil
	}, nil
}
