// SPDX-License-Identifier: Apache-2.0

// Package journal reads the files of systemd-journald as one stream, and goes on with
// them as they grow, in pure Go. It takes no lock, maps no file into memory, starts no
// program and needs no library; it knows nothing of OpenTelemetry.
//
//	reader, err := journal.Open(journal.Options{Directories: []string{"/var/log/journal"}})
//	...
//	err = reader.SeekCursor(cursor)
//	for {
//		entry, err := reader.Next()
//		if err != nil {
//			return err
//		}
//		if entry == nil { // The end, for now.
//			if err := reader.Wait(ctx); err != nil {
//				return err
//			}
//			continue
//		}
//		use(entry)
//	}
package journal
