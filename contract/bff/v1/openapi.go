package bffpb

import _ "embed"

//go:embed openapi.json
var openAPI []byte

// OpenAPI is the document that describes the JSON API; it is generated from http.yaml and the .proto files beside it.
func OpenAPI() []byte { return openAPI }
