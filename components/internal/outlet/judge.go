// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"errors"
	"regexp"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tributary-otel/tributary/components/internal/delivery"
)

// answered finds the HTTP status in the errors of the OTLP exporter, which has none in
// another form for what has no counterpart in gRPC.
var answered = regexp.MustCompile(`HTTP Status Code (\d{3})`)

// Judge says what an error means. Exporters call permanent whatever they do not try
// again themselves, a wrong password among it. Only an answer that speaks of the data
// is taken as refusing it.
func Judge(err error) delivery.Verdict {
	if !consumererror.IsPermanent(err) {
		return delivery.Transient
	}
	if errors.Is(err, kerr.MessageTooLarge) {
		return delivery.Refused // Of Kafka, for a batch above the limit of the topic or of the exporter.
	}
	answer, ok := status.FromError(err)
	if !ok {
		return delivery.Transient
	}
	switch answer.Code() {
	case codes.InvalidArgument:
		return delivery.Refused
	case codes.Unauthenticated, codes.PermissionDenied, codes.NotFound, codes.Unimplemented:
		return delivery.Misconfigured
	case codes.ResourceExhausted:
		// gRPC has one code for "slow down" and for "too large".
		if strings.Contains(answer.Message(), "larger than max") {
			return delivery.Refused
		}
	case codes.Unknown:
		if found := answered.FindStringSubmatch(err.Error()); found != nil && (found[1] == "413" || found[1] == "422") {
			return delivery.Refused
		}
	}
	return delivery.Transient
}
