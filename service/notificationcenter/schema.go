package notificationcenter

import (
	"embed"
	"io/fs"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/retain"
)

//go:embed internal/migration/*.sql
var migrations embed.FS

// Schema is what Migrate needs to make schema notificationcenter.
func Schema() db.Schema {
	files, err := fs.Sub(migrations, "internal/migration")
	if err != nil {
		panic(err) // The directory is embedded above.
	}
	return db.Schema{
		Name: "notificationcenter", Files: files, Services: []string{"notificationcenter", "bff", "notificationtaskrunner"},
		Finish: retain.Function("notificationcenter", "notificationcenter"),
	}
}
