// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"encoding/json"
	"io"
	"log"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// logsPath ends every path that takes logs over HTTP.
const logsPath = "/v1/logs"

// Media types of OTLP over HTTP.
const (
	typeProtobuf = "application/x-protobuf"
	typeJSON     = "application/json"
)

func newHTTPServer(b *Backend) *http.Server {
	return &http.Server{
		Handler:           http.HandlerFunc(b.serveHTTP),
		ReadHeaderTimeout: time.Minute,
		// The server would report every sender that hangs up to the log of the
		// test process, where it is noise.
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

func (b *Backend) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !b.enter() {
		panic(http.ErrAbortHandler)
	}
	defer b.work.Done()

	request := Request{
		Protocol: protocolHTTP,
		Path:     r.URL.Path,
		Header:   r.Header.Clone(),
		Encoding: encodingName(r.Header.Get("Content-Encoding")),
	}
	mediaType, export, refusal := b.readExport(r, request.Encoding)
	if refusal != nil {
		request.Refused = true
		b.arrived(request)
		refusal.write(w)
		return
	}
	records := flatten(export.Logs())
	request.Records = len(records)
	place := b.arrived(request)

	fault := b.takeFault(protocolHTTP, records)
	if !b.hold(r.Context(), fault.Delay) || fault.Disconnect {
		b.refuse(place)
		panic(http.ErrAbortHandler)
	}
	if fault.HTTPStatus != 0 {
		b.refuse(place)
		writeFault(w, mediaType, fault)
		return
	}
	kept, response := b.settle(place, records, fault)
	b.keep(kept)
	writeExportResponse(w, mediaType, response)
}

// settle splits the records of a request into those to keep and those a partial
// success rejects, and makes the answer.
func (b *Backend) settle(place int, records []Record, fault Fault) ([]Record, plogotlp.ExportResponse) {
	response := plogotlp.NewExportResponse()
	rejected := min(max(fault.RejectRecords, 0), int64(len(records)))
	if rejected > 0 {
		partial := response.PartialSuccess()
		partial.SetRejectedLogRecords(rejected)
		partial.SetErrorMessage("rejected on cue of the test")
	}
	kept := records[:int64(len(records))-rejected]
	if rejected > 0 && len(kept) == 0 {
		b.refuse(place)
	}
	return kept, response
}

// refusal is the answer to a request that is not an export of logs.
type refusal struct {
	status int
	text   string
}

func (r *refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(r.status)
	_, _ = io.WriteString(w, r.text)
}

// readExport reads the body and decodes it by its media type.
func (b *Backend) readExport(r *http.Request, encoding string) (string, plogotlp.ExportRequest, *refusal) {
	export := plogotlp.NewExportRequest()
	// The body is read also when the path is wrong: only then does the server
	// notice that the sender has gone, and can the connection be used again.
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return "", export, &refusal{http.StatusBadRequest, "read body: " + err.Error()}
	}
	if refused := b.checkPath(r); refused != nil {
		return "", export, refused
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (mediaType != typeProtobuf && mediaType != typeJSON) {
		return "", export, &refusal{http.StatusUnsupportedMediaType, "unsupported content type " + strconv.Quote(r.Header.Get("Content-Type"))}
	}
	body, err := Decompress(encoding, raw)
	if err == nil && mediaType == typeJSON {
		err = export.UnmarshalJSON(body)
	} else if err == nil {
		err = export.UnmarshalProto(body)
	}
	if err != nil {
		return "", export, &refusal{http.StatusBadRequest, "decode body: " + err.Error()}
	}
	return mediaType, export, nil
}

func (b *Backend) checkPath(r *http.Request) *refusal {
	b.mu.Lock()
	only := b.onlyPath
	b.mu.Unlock()
	if only != "" && r.URL.Path != only {
		return &refusal{http.StatusBadRequest, "unsupported path requested"}
	}
	known := only != "" || strings.HasSuffix(r.URL.Path, logsPath)
	if r.Method != http.MethodPost || !known {
		return &refusal{http.StatusNotFound, "no such endpoint: " + r.Method + " " + r.URL.Path}
	}
	return nil
}

func writeExportResponse(w http.ResponseWriter, mediaType string, response plogotlp.ExportResponse) {
	encode := response.MarshalProto
	if mediaType == typeJSON {
		encode = response.MarshalJSON
	}
	body, err := encode()
	if err != nil {
		http.Error(w, "encode response: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	_, _ = w.Write(body)
}

// writeFault answers with the status of a fault and, as OTLP asks, a Status
// message in the media type of the request.
func writeFault(w http.ResponseWriter, mediaType string, fault Fault) {
	text := "failed on cue of the test"
	body, err := proto.Marshal(status.New(codes.Unknown, text).Proto())
	if mediaType == typeJSON {
		body, err = json.Marshal(map[string]any{"code": codes.Unknown, "message": text})
	}
	if err != nil {
		body = []byte("encode status: " + err.Error())
	}
	w.Header().Set("Content-Type", mediaType)
	if fault.RetryAfter > 0 {
		seconds := int64(math.Ceil(fault.RetryAfter.Seconds()))
		w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	w.WriteHeader(fault.HTTPStatus)
	_, _ = w.Write(body)
}
