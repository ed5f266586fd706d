// SPDX-License-Identifier: Apache-2.0

package tail

// deletedQuiet is how many times Quiet nothing has to be written to a file that was deleted
// and that somebody has open for writing. The kubelet looks each 10 s at the log of a
// container, and when it is gone has the runtime open another one: until then, all that the
// container writes goes to the deleted one.
const deletedQuiet = 4

// quiet reports whether nothing was written to a file for so long that nothing will be. Of one
// without a name the kernel may say so.
func (t *Tail) quiet(f *File) bool {
	silent := t.now.Sub(f.grown)
	if len(f.names) > 0 || f.handle == nil {
		return silent >= t.options.Quiet
	}
	switch written, known := f.handle.Writer(); {
	case written:
		return silent >= deletedQuiet*t.options.Quiet
	case known && f.complete():
		return true
	default:
		return silent >= t.options.Quiet
	}
}

// complete reports whether a file that nobody has open for writing is as it was last seen, and
// has no name elsewhere by which somebody could open it.
func (f *File) complete() bool {
	info, err := f.handle.Stat()
	return err == nil && info.Links == 0 && info.Size == f.size && info.Modified == f.modified
}
