// SPDX-License-Identifier: Apache-2.0

// Package ownership gives a folder and everything in it to a user.
//
// It is for a container that prepares the state folder of another one and may do nothing
// but that: user 0 with the capability CHOWN alone. Such a user is not above modes. What
// belongs to somebody else and is closed to him, he cannot list: he takes it, looks into
// it, and gives it away at last.
//
// The user to whom the folder belongs may have put things into it to gain what is not
// his. So no link is followed, another file system that is mounted there is left alone,
// and so are a file that has a second name somewhere, and devices. What was looked at is
// what is given: both are done to one open file, which nobody can exchange in between.
package ownership
