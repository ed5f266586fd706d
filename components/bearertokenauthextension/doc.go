// SPDX-License-Identifier: Apache-2.0

// Package bearertokenauthextension is upstream's extension `bearertokenauth`, which waits for the file of the token and
// sends nothing meanwhile, follows the file also when it goes and comes again, and adds nothing to requests if the token
// and its file are set to nothing.
//
// Reading order: config.go, factory.go.
package bearertokenauthextension
