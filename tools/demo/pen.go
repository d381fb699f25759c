package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// The colours of Rounds.
var (
	ground = color.RGBA{0xf2, 0xf6, 0xf8, 0xff}
	white  = color.RGBA{0xff, 0xff, 0xff, 0xff}
	ink    = color.RGBA{0x1c, 0x2b, 0x36, 0xff}
	teal   = color.RGBA{0x0b, 0x6b, 0x75, 0xff}
	grey   = color.RGBA{0x5a, 0x6b, 0x78, 0xff}
	line   = color.RGBA{0xd5, 0xdf, 0xe4, 0xff}
)

// pen writes text in the sizes that slides and papers need.
type pen struct{ huge, large, text, small font.Face }

func newPen() (*pen, error) {
	p := &pen{}
	for _, f := range []struct {
		face *font.Face
		ttf  []byte
		size float64
	}{{&p.huge, gobold.TTF, 34}, {&p.large, gobold.TTF, 26}, {&p.text, goregular.TTF, 19}, {&p.small, goregular.TTF, 13}} {
		parsed, err := opentype.Parse(f.ttf)
		if err != nil {
			return nil, fmt.Errorf("read the typeface: %w", err)
		}
		if *f.face, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: f.size, DPI: 72, Hinting: font.HintingFull}); err != nil {
			return nil, fmt.Errorf("read the typeface: %w", err)
		}
	}
	return p, nil
}

// write puts one line with its base line at y.
func write(img draw.Image, face font.Face, c color.Color, x, y int, s string) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

func fill(img draw.Image, r image.Rectangle, c color.Color) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}
