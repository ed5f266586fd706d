// SPDX-License-Identifier: Apache-2.0

package pods

import "strings"

// image is the name of an image, taken apart: name:tag@digest.
type image struct{ name, tag, digest string }

// parseImage takes the name of an image apart.
func parseImage(s string) image {
	var i image
	i.name, i.digest, _ = strings.Cut(s, "@")
	// A colon before the last slash belongs to a port.
	if at := strings.LastIndexByte(i.name, ':'); at > strings.LastIndexByte(i.name, '/') {
		i.name, i.tag = i.name[:at], i.name[at+1:]
	}
	return i
}

// pulled is the tag that a runtime asks for: latest, if nobody names one.
func (i image) pulled() string {
	if i.name != "" && i.tag == "" && i.digest == "" {
		return "latest"
	}
	return i.tag
}

// version is what an image says of the version of a service. The tag latest, if nobody has named it,
// says nothing.
func (i image) version() string {
	if i.tag != "" && i.digest != "" {
		return i.tag + "@" + i.digest
	}
	return i.tag + i.digest
}

// repoDigest returns the digest of an image with its repository, or "" when the runtime gives no
// repository. Docker writes a scheme before it.
func repoDigest(imageID string) string {
	if _, after, ok := strings.Cut(imageID, "://"); ok {
		imageID = after
	}
	if name, digest, ok := strings.Cut(imageID, "@"); !ok || name == "" || !strings.Contains(digest, ":") {
		return ""
	}
	return imageID
}
