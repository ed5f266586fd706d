// SPDX-License-Identifier: Apache-2.0

package main

import "go.opentelemetry.io/collector/featuregate"

// deliverBeforeMoving is the gate that makes file_log and its siblings hand each line on before they move their
// position. Without it up to 100 lines wait in memory, already counted as read: kill -9 loses them.
const deliverBeforeMoving = "stanza.synchronousLogEmitter"

// setDefaults changes upstream's defaults where they lose data. `--feature-gates=-<id>` takes it back.
func setDefaults(gates *featuregate.Registry) error {
	return gates.Set(deliverBeforeMoving, true)
}
