// SPDX-License-Identifier: Apache-2.0

// Package basicauthextension is upstream's extension `basicauth`, which waits for the files of a client's user and
// password instead of keeping the collector from starting, and adds nothing to requests if neither user nor password is
// set.
package basicauthextension
