package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"strings"
	"time"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/locale"
)

// The colours of the icons: those of src/theme.css. What is put on a home screen stands on any background, so it brings its own.
const teal = "#0b6b75"

// home is what phones and desktops need to show Rounds beside their programs: the sign as pictures of several sizes, and for each language
// a web app manifest that names them. All have their content in their names, as everything else here.
func home() (map[string]string, error) {
	made := map[string]string{}
	write := func(stem, ext string, content []byte) error {
		sum := sha256.Sum256(content)
		file := stem + "-" + strings.ToUpper(hex.EncodeToString(sum[:4])) + ext
		made[stem+ext] = file
		return os.WriteFile(dist+"/"+file, content, 0o644)
	}
	for stem, size := range map[string]int{"icon-180": 180, "icon-192": 192, "icon-512": 512} {
		picture, err := sign(size)
		if err != nil {
			return nil, err
		}
		if err := write(stem, ".png", picture); err != nil {
			return nil, err
		}
	}
	catalog, err := i18n.Load(locale.Files)
	if err != nil {
		return nil, err
	}
	for _, language := range catalog.Languages() {
		text, err := webManifest(catalog.Speaker(language, "UTC", time.Time{}), made)
		if err != nil {
			return nil, err
		}
		if err := write("rounds."+language, ".webmanifest", text); err != nil {
			return nil, err
		}
	}
	return made, nil
}

func webManifest(say *i18n.Speaker, made map[string]string) ([]byte, error) {
	type icon struct {
		Src     string `json:"src"`
		Sizes   string `json:"sizes"`
		Type    string `json:"type"`
		Purpose string `json:"purpose"`
	}
	var icons []icon
	for _, size := range []int{192, 512} {
		icons = append(icons, icon{
			Src: "/static/" + made[fmt.Sprintf("icon-%d.png", size)], Sizes: fmt.Sprintf("%dx%d", size, size), Type: "image/png",
			Purpose: "any maskable", // the sign stands within the circle that every mask leaves
		})
	}
	return json.Marshal(map[string]any{
		"id": "/", "name": "Rounds", "short_name": "Rounds", "description": say.Say("layout.description"), "lang": say.Language(), "dir": "ltr",
		"start_url": "/", "scope": "/", "display": "standalone", "theme_color": teal, "background_color": "#ffffff", "icons": icons,
	})
}

// sign draws src/mark.svg in white on teal: a circle that is walked, and a cross. Distances are exact and edges a pixel wide, so it is
// sharp at each size.
func sign(size int) ([]byte, error) {
	const unit, share = 32.0, 0.72 // of the drawing, and how much of the picture it takes
	scale := float64(size) * share / unit
	picture := image.NewNRGBA(image.Rect(0, 0, size, size))
	ground := color.NRGBA{R: 0x0b, G: 0x6b, B: 0x75, A: 0xff}
	for y := range size {
		for x := range size {
			px, py := (float64(x)+0.5-float64(size)/2)/scale, (float64(y)+0.5-float64(size)/2)/scale
			cover := min(1, max(0, 0.5-(away(px, py)-2)*scale))
			blend := func(c uint8) uint8 { return uint8(math.Round(float64(c) + cover*(255-float64(c)))) }
			picture.SetNRGBA(x, y, color.NRGBA{R: blend(ground.R), G: blend(ground.G), B: blend(ground.B), A: 0xff})
		}
	}
	var out bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, picture)
	return out.Bytes(), err
}

// away is how far a point is from the middle of the lines, seen from the middle of the drawing.
func away(x, y float64) float64 {
	const radius, endX, endY = 11.0, 7.6, -7.9 // the circle begins at its right and goes round, almost
	ring := math.Abs(math.Hypot(x, y) - radius)
	if angle := math.Atan2(y, x); angle < 0 && angle > math.Atan2(endY, endX) {
		ring = min(math.Hypot(x-radius, y), math.Hypot(x-endX, y-endY))
	}
	bar := func(along, across float64) float64 { return math.Hypot(max(0, math.Abs(along)-5), across) }
	return min(ring, bar(x, y), bar(y, x))
}
