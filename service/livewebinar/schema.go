package livewebinar

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/rounds-cme/rounds/kit/db"
)

//go:embed internal/migration/*.sql
var migrations embed.FS

// Schema is what this service owns in the database, and who looks in through its windows.
func Schema() db.Schema {
	files, err := fs.Sub(migrations, "internal/migration")
	if err != nil { // the path is a constant
		panic(fmt.Errorf("migrations of livewebinar: %w", err))
	}
	return db.Schema{Name: "livewebinar", Files: files, Services: []string{"livewebinar", "datamanagement", "bff"}}
}
