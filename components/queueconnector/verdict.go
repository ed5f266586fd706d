// SPDX-License-Identifier: Apache-2.0

package queueconnector

import (
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// verdict decides whether a batch is given up. Exporters call every answer permanent
// that they do not try again themselves, a wrong token and a wrong path among them.
// These are mended by somebody sooner or later. Only where the backend says that the
// data itself is wrong (HTTP 400, InvalidArgument in gRPC) the error stays permanent:
// the queue then drops the batch, says so in the log, and counts it.
func verdict(err error) error {
	if err == nil || !consumererror.IsPermanent(err) {
		return err
	}
	if answer, ok := status.FromError(err); ok && answer.Code() == codes.InvalidArgument {
		return err
	}
	return tryAgain{err}
}

// tryAgain is an error that is no longer permanent. It has no Unwrap, by which the cause
// would be found again.
type tryAgain struct{ cause error }

func (e tryAgain) Error() string { return e.cause.Error() }
