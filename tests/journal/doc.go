// SPDX-License-Identifier: Apache-2.0

// Package journal tests the built binary on a systemd-journald of its own: floods with
// rotation and vacuum, SIGKILL at any moment, and a user without the rights.
package journal
