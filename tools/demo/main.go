// Command demo makes the pictures, papers and the film that the demo of Rounds shows, so that all of them are our own and
// can be made again. The results are committed: nobody needs ffmpeg to build or run Rounds.
//
//	go run -C tools ./demo
//
// It writes service/ssr/asset/media/hand-hygiene.{mp4,en.vtt,sl.vtt} and cmd/rounds/demo/proofs/. The typeface is Go
// Regular and Go Bold, which come with golang.org/x/image under its BSD licence. ffmpeg with libx264 must be on PATH.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", "..", "where the repository is")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(root string) error {
	pen, err := newPen()
	if err != nil {
		return err
	}
	if err := proofs(pen, filepath.Join(root, "cmd/rounds/demo/proofs")); err != nil {
		return fmt.Errorf("make the proofs: %w", err)
	}
	if err := film(pen, filepath.Join(root, "service/ssr/asset/media")); err != nil {
		return fmt.Errorf("make the film: %w", err)
	}
	return nil
}
