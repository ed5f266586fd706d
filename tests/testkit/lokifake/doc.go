// SPDX-License-Identifier: Apache-2.0

// Package lokifake is a Loki inside the test process: it takes pushes on the
// loopback interface, keeps them in memory, and gives the answers that Loki
// 3.7.8 gives with its default limits, in the same words. It knows nothing of
// queries; a test reads what was stored from the Server.
//
// What it has in common with Loki is what a sender can notice. One request may
// be stored in part and still be answered with 400. One name that cannot be
// made legal costs the whole request. Entries that are too far behind, and
// streams over a limit, may be refused without the sender being told, because in
// this the answer speaks for the last stream only. Labels that begin with two
// underscores are stored like any other. Exact duplicates are stored once, so
// sending again is safe.
//
// What differs: it forgets nothing and so knows duplicates of any age, it never
// shards a stream, the text of an answer lists several reasons in the order in
// which they arose instead of at random, and of the label strings it takes only
// the form that senders write, not the rest of PromQL. (Of that rest, Loki takes
// quoted label names and is then unable to query them.)
//
// Reading order: options.go (limits), server.go (life), received.go (what a test
// can ask), fault.go (trouble on cue), http.go (one request), tenant.go, decode.go,
// labels.go, metadata.go, distribute.go (from request to store), check.go (what is
// refused before storing), store.go.
package lokifake
