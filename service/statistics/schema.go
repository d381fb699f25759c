package statistics

import (
	"embed"
	"io/fs"

	"github.com/rounds-cme/rounds/kit/db"
)

//go:embed internal/migration/*.sql
var migrations embed.FS

// Schema is what Migrate needs to make schema statistics.
func Schema() db.Schema {
	files, err := fs.Sub(migrations, "internal/migration")
	if err != nil {
		panic(err) // The directory is embedded above.
	}
	return db.Schema{Name: "statistics", Files: files, Services: []string{"statistics"}}
}
