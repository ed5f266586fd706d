// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tributary-otel/tributary/distro/internal/ownership"
)

// newOwnCommand returns `tributary own`, which an init container runs before a collector that is not root: a folder of
// the node belongs to root at first.
func newOwnCommand() *cobra.Command {
	var owner ownership.Owner
	var warnOnly bool
	cmd := &cobra.Command{
		Use:   "own --user=UID FOLDER",
		Short: "Give a folder and everything in it to a user",
		Long: `Give a folder and everything in it to a user, and make it if it is not there.

Links are not followed. Left alone are other file systems that are mounted below the folder, files that have a second
name elsewhere, and devices. It needs user 0 with the capability CHOWN, and no other right. With
--selinux-label it needs a domain of SELinux that may label files, such as spc_t.`,
		Example: "  tributary own --user=65532 --group=0 /var/lib/tributary",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if owner.User < 0 || owner.Group < 0 {
				return errors.New("--user is needed; it and --group are the numbers of a user and a group, from 0 upwards")
			}
			done, err := ownership.Give(args[0], owner)
			sayOwner(cmd, args[0], fmt.Sprintf("%d:%d", owner.User, owner.Group), done)
			if err != nil && warnOnly {
				cmd.PrintErrln("Warning:", err)
				return nil
			}
			return err
		},
	}
	cmd.Flags().IntVar(&owner.User, "user", -1, "number of the user")
	cmd.Flags().IntVar(&owner.Group, "group", 0, "number of the group")
	cmd.Flags().StringVar(&owner.SELinuxLabel, "selinux-label", "", "give it this label too: system_u:object_r:container_file_t:s0")
	cmd.Flags().BoolVar(&warnOnly, "warn-only", false, "say what went wrong, but do not fail because of it")
	return cmd
}

func sayOwner(cmd *cobra.Command, folder, owner string, done ownership.Report) {
	out := cmd.OutOrStdout()
	for _, left := range done.Left {
		_, _ = fmt.Fprintf(out, "left alone: %s\n", left)
	}
	made := ""
	if done.Created {
		made = "created, "
	}
	_, _ = fmt.Fprintf(out, "%s: %s%d given to %s, %d belonged to it before\n", folder, made, done.Changed, owner, done.Unchanged)
}
