// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// pod is what is kept of a pod. It is never changed once it is in the cache. Its JSON form is what
// is stored: docs/formats/pods.md.
type pod struct {
	Namespace   string            `json:"namespace"`
	Name        string            `json:"name"`
	UID         string            `json:"uid"`
	Hash        string            `json:"hash,omitempty"` // Of the manifest of a static pod.
	Node        string            `json:"node,omitempty"`
	Hostname    string            `json:"hostname,omitempty"`
	IP          string            `json:"ip,omitempty"`
	Started     string            `json:"started,omitempty"`
	Created     int64             `json:"created,omitempty"` // Seconds since 1970, by the cluster's clock.
	OwnerKind   string            `json:"owner_kind,omitempty"`
	OwnerName   string            `json:"owner_name,omitempty"`
	OwnerUID    string            `json:"owner_uid,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Containers  []container       `json:"containers,omitempty"`
}

// container is what is kept of a container.
type container struct {
	Name    string         `json:"name"`
	Image   string         `json:"image,omitempty"`
	ImageID string         `json:"image_id,omitempty"`
	IDs     map[int]string `json:"ids,omitempty"` // By the count of restarts.
}

// keptIDs is how many starts of a container keep their id. The kubelet keeps the logs of a few.
const keptIDs = 32

// keys are the names of the pod's log folder: with its uid, and for a static pod with the hash
// of its manifest. Whether it is static decides the kubelet, and an annotation can be copied, so
// that both are possible for a pod that says it is.
func (p *pod) keys() []Key {
	keys := []Key{p.key()}
	if p.Hash != "" && p.Hash != p.UID {
		keys = append(keys, Key{Namespace: p.Namespace, Name: p.Name, UID: p.Hash})
	}
	return keys
}

func (p *pod) key() Key { return Key{Namespace: p.Namespace, Name: p.Name, UID: p.UID} }

func (p *pod) container(name string) *container {
	for i := range p.Containers {
		if p.Containers[i].Name == name {
			return &p.Containers[i]
		}
	}
	return nil
}

// equal reports whether two states say the same.
func (p *pod) equal(o *pod) bool {
	return p.Namespace == o.Namespace && p.Name == o.Name && p.UID == o.UID && p.Hash == o.Hash && p.Node == o.Node &&
		p.Hostname == o.Hostname && p.IP == o.IP && p.Started == o.Started && p.Created == o.Created &&
		p.OwnerKind == o.OwnerKind && p.OwnerName == o.OwnerName && p.OwnerUID == o.OwnerUID &&
		maps.Equal(p.Labels, o.Labels) && maps.Equal(p.Annotations, o.Annotations) &&
		slices.EqualFunc(p.Containers, o.Containers, func(a, b container) bool {
			return a.Name == b.Name && a.Image == b.Image && a.ImageID == b.ImageID && maps.Equal(a.IDs, b.IDs)
		})
}

// remember adds what an earlier state of the same pod knew and the API server does not say any
// more: the ids of earlier starts, and containers without a status.
func (p *pod) remember(earlier *pod) {
	for i := range p.Containers {
		c := &p.Containers[i]
		old := earlier.container(c.Name)
		if old == nil {
			continue
		}
		c.ImageID = cmp.Or(c.ImageID, old.ImageID)
		for restart, id := range old.IDs {
			if c.IDs[restart] == "" {
				c.setID(restart, id)
			}
		}
		for len(c.IDs) > keptIDs {
			delete(c.IDs, slices.Min(slices.Collect(maps.Keys(c.IDs))))
		}
	}
}

func (c *container) setID(restart int, id string) {
	if id == "" || restart < 0 {
		return
	}
	if c.IDs == nil {
		c.IDs = map[int]string{}
	}
	c.IDs[restart] = id
}

// apiPod is the part of a pod that is read from the API server.
type apiPod struct {
	Metadata apiMeta `json:"metadata"`
	Spec     struct {
		NodeName            string         `json:"nodeName"`
		Hostname            string         `json:"hostname"`
		Containers          []apiContainer `json:"containers"`
		InitContainers      []apiContainer `json:"initContainers"`
		EphemeralContainers []apiContainer `json:"ephemeralContainers"`
	} `json:"spec"`
	Status struct {
		PodIP                      string      `json:"podIP"`
		StartTime                  string      `json:"startTime"`
		ContainerStatuses          []apiStatus `json:"containerStatuses"`
		InitContainerStatuses      []apiStatus `json:"initContainerStatuses"`
		EphemeralContainerStatuses []apiStatus `json:"ephemeralContainerStatuses"`
	} `json:"status"`
}

type apiMeta struct {
	Namespace         string            `json:"namespace"`
	Name              string            `json:"name"`
	UID               string            `json:"uid"`
	ResourceVersion   string            `json:"resourceVersion"`
	CreationTimestamp string            `json:"creationTimestamp"`
	Labels            map[string]string `json:"labels"`
	Annotations       map[string]string `json:"annotations"`
	OwnerReferences   []apiOwner        `json:"ownerReferences"`
}

type apiOwner struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
	Controller bool   `json:"controller"`
}

type apiContainer struct {
	Name  string `json:"name"`
	Image string `json:"image"`
}

type apiStatus struct {
	Name         string `json:"name"`
	ImageID      string `json:"imageID"`
	ContainerID  string `json:"containerID"`
	RestartCount int    `json:"restartCount"`
	LastState    struct {
		Terminated struct {
			ContainerID string `json:"containerID"`
		} `json:"terminated"`
	} `json:"lastState"`
}

// The annotations that the kubelet puts on the mirror of a static pod.
const (
	mirrorAnnotation = "kubernetes.io/config.mirror"
	hashAnnotation   = "kubernetes.io/config.hash"
)

// parsePod reads a pod as the API server sends it, and keeps what rules may need. Left out are
// the annotations that are too large.
func parsePod(data []byte, rules *Rules) (kept *pod, version string, leftOut int, err error) {
	var api apiPod
	if err := json.Unmarshal(data, &api); err != nil {
		return nil, "", 0, err
	}
	p, leftOut := api.keep(rules)
	return p, api.Metadata.ResourceVersion, leftOut, nil
}

func (api *apiPod) keep(rules *Rules) (*pod, int) {
	m := &api.Metadata
	p := &pod{
		Namespace: m.Namespace, Name: m.Name, UID: m.UID,
		Node: api.Spec.NodeName, Hostname: api.Spec.Hostname, IP: api.Status.PodIP,
		Started: cmp.Or(api.Status.StartTime, m.CreationTimestamp),
		Labels:  m.Labels,
	}
	if mirror, ok := m.Annotations[mirrorAnnotation]; ok {
		p.Hash = cmp.Or(m.Annotations[hashAnnotation], mirror)
	}
	if created, err := time.Parse(time.RFC3339, m.CreationTimestamp); err == nil {
		p.Created = created.Unix()
	}
	if owner := controllerOf(m.OwnerReferences); owner != nil {
		p.OwnerKind, p.OwnerName, p.OwnerUID = owner.Kind, owner.Name, owner.UID
	}
	var leftOut int
	p.Annotations, leftOut = keepAnnotations(m.Annotations, rules)
	for _, containers := range [][]apiContainer{api.Spec.Containers, api.Spec.InitContainers, api.Spec.EphemeralContainers} {
		for _, c := range containers {
			p.Containers = append(p.Containers, container{Name: c.Name, Image: c.Image})
		}
	}
	for _, statuses := range [][]apiStatus{api.Status.ContainerStatuses, api.Status.InitContainerStatuses, api.Status.EphemeralContainerStatuses} {
		for i := range statuses {
			p.addStatus(&statuses[i])
		}
	}
	return p, leftOut
}

// controllerOf returns the owner that manages the pod.
func controllerOf(owners []apiOwner) *apiOwner {
	for i := range owners {
		if owners[i].Controller {
			return &owners[i]
		}
	}
	if len(owners) > 0 {
		return &owners[0]
	}
	return nil
}

func (p *pod) addStatus(s *apiStatus) {
	c := p.container(s.Name)
	if c == nil {
		return
	}
	c.ImageID = s.ImageID
	id, last := withoutScheme(s.ContainerID), withoutScheme(s.LastState.Terminated.ContainerID)
	c.setID(s.RestartCount, id)
	// While a container waits for its next start, both are the one that has ended.
	if last != id {
		c.setID(s.RestartCount-1, last)
	}
}
