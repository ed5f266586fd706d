// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/pods"
)

// health tells people about troubles: the log, and the status of the extension, which is a
// recoverable error as long as one of them lasts. It is called by one goroutine at a time.
type health struct {
	host   component.Host
	logger *zap.Logger
	ill    map[string]error
}

func (h *health) tell(n pods.Notice) {
	if n.Err != nil {
		h.logger.Warn("What is known of pods may be old", zap.String("trouble", n.What), zap.Error(n.Err))
		if h.ill == nil {
			h.ill = map[string]error{}
		}
		h.ill[n.What] = n.Err
		h.report(n.Err)
		return
	}
	h.logger.Info("The trouble is over", zap.String("trouble", n.What), zap.Duration("after", n.For))
	delete(h.ill, n.What)
	for _, err := range h.ill {
		h.report(err)
		return
	}
	componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
}

func (h *health) report(err error) {
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
}
