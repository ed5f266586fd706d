// SPDX-License-Identifier: Apache-2.0

// Package filestorageextension is upstream's extension `file_storage`, which may be there without being used: a folder
// that cannot be created keeps the collector from starting only if a component keeps something in it.
package filestorageextension
