// Package locale holds what the pages say: a folder a language, a file a subject. A page brings
// its own file in each language. Keys begin with the name of the file, or with err. and the code of an error.
package locale

import "embed"

// Files are the catalogs, <language>/<subject>.yaml.
//
//go:embed */*.yaml
var Files embed.FS
