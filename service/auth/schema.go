package auth

import (
	"embed"
	"io/fs"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/retain"
)

//go:embed internal/migration/*.sql
var migrations embed.FS

// Schema is what Migrate needs to make schema auth.
func Schema() db.Schema {
	files, err := fs.Sub(migrations, "internal/migration")
	if err != nil {
		panic(err) // The directory is embedded above.
	}
	return db.Schema{Name: "auth", Files: files, Services: []string{"auth"}, Finish: retain.Function("auth", "auth")}
}
