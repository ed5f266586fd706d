// SPDX-License-Identifier: Apache-2.0

// Package hints reads what the owner of a pod says about its logs, by annotation. With the
// prefix `logs.tributary/` an owner may write:
//
//	logs.tributary/exclude: "true"             none of the pod's lines are read
//	logs.tributary/containers: app,side-*      only those of these containers, by globs
//	logs.tributary/multiline: none             or auto
//	logs.tributary/multiline-start: '^\d{4}-'  a line that matches begins a record (RE2)
//	logs.tributary/parser: json                or logfmt, none
//	logs.tributary/lines-per-second: "100"     a limit for the whole pod, below that of the node
//	logs.tributary/bytes-per-second: 64Ki
//	logs.tributary/attributes: team=shop,tier=web
//
// All but `containers` and the limits may be said of one container, behind a point: `logs.tributary/parser.nginx: json`.
// That goes before what is said of the pod.
//
// What a hint can do ends at the pod's own lines. A value that is wrong is ignored, and
// returned as such.
package hints
