// Package bffpb is what the BFF promises to pages and browsers: one gRPC service a subject, and where each RPC stands in the
// JSON API (http.yaml). Both ways lead to the same code, so there is one contract; the OpenAPI document is made from it.
package bffpb

import _ "embed"

//go:embed openapi.json
var openAPI []byte

// OpenAPI is the document that describes the JSON API; it is generated from http.yaml and the .proto files beside it.
func OpenAPI() []byte { return openAPI }
