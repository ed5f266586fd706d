// SPDX-License-Identifier: Apache-2.0

package tail

// deletedQuiet is how many times Quiet nothing has to be written to a file that was deleted
// and that somebody has open for writing. The kubelet looks each 10 s at the log of a
// container, and when it is gone has the runtime open another one: until then, all that the
// container writes goes to the deleted one.
const deletedQuiet = 4

// quiet reports whether nothing was written to a file for so long that nothing will be. Of one
// that was deleted the kernel may say so. When it does not, the log of a container that has
// its folder yet is taken for one that is open.
func (t *Tail) quiet(d *folder, f *File) bool {
	silent := t.now.Sub(f.grown)
	if !f.deleted() {
		return silent >= t.options.Quiet
	}
	switch written, known := f.handle.Writer(); {
	case known && !written && f.unchanged():
		return true
	case written, !known && d.missing.IsZero() && f.name.rotated == "":
		return silent >= deletedQuiet*t.options.Quiet
	default:
		return silent >= t.options.Quiet
	}
}

// deleted reports whether an open file has no name at all, also not elsewhere: nobody can
// open it any more.
func (f *File) deleted() bool {
	if len(f.names) > 0 || f.handle == nil {
		return false
	}
	info, err := f.handle.Stat()
	return err == nil && info.Links == 0
}

// unchanged reports whether an open file is as it was last seen.
func (f *File) unchanged() bool {
	info, err := f.handle.Stat()
	return err == nil && info.Size == f.size && info.Modified == f.modified
}
