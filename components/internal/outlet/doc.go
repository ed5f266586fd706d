// SPDX-License-Identifier: Apache-2.0

// Package outlet is the pipeline behind a receiver that goes by acknowledgements: what
// it is handed, what its errors say of the data, what becomes of records that it
// refuses for good, and what the status of the receiver is. It is what internal/delivery
// sends to.
//
//	internal/delivery ──► Send ──► the next consumer
//	                      Judge ◄── its error
//	                      Keep ──► dead-letter file
//
// Reading order: outlet.go (one attempt), judge.go (what an error means), letters.go
// (what is refused for good), stall.go (that there is no answer), health.go, place.go
// (where files are put).
package outlet
