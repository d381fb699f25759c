package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
)

// proofs writes one paper of each type that an applicant may upload. All say in large letters that they are none.
func proofs(p *pen, dir string) error {
	var card, sheet bytes.Buffer
	if err := jpeg.Encode(&card, paper(p, "Staff card", "Eva Příklad", "Nurse, intensive care", "DEMO-CZ-55120"), &jpeg.Options{Quality: 80}); err != nil {
		return fmt.Errorf("encode the card: %w", err)
	}
	if err := png.Encode(&sheet, paper(p, "Entry in the register", "Luka Primjer", "Pharmacist", "0041903")); err != nil {
		return fmt.Errorf("encode the sheet: %w", err)
	}
	for name, raw := range map[string][]byte{
		"staff-card.jpg":   card.Bytes(),
		"registration.png": sheet.Bytes(),
		"licence.pdf":      pdf("DEMO - not a real document", "Licence to practise", "Name: Jan Ukazka (an invented person)", "Profession: physician, family medicine", "Number: 0020417", "This page shows what a proof looks like in the demo of Rounds."),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

func paper(p *pen, title, name, work, number string) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 640, 400))
	fill(img, img.Bounds(), ground)
	fill(img, image.Rect(24, 24, 616, 376), white)
	fill(img, image.Rect(24, 24, 616, 96), teal)
	write(img, p.large, white, 48, 70, title)
	write(img, p.huge, ink, 48, 156, name)
	write(img, p.text, ink, 48, 196, work)
	write(img, p.text, ink, 48, 228, "Number "+number)
	write(img, p.huge, teal, 48, 306, "DEMO")
	write(img, p.text, grey, 48, 340, "Not a real document. The person is invented.")
	return img
}

// pdf writes a page of plain lines in Helvetica, which every reader has; the first line is large.
func pdf(lines ...string) []byte {
	var text strings.Builder
	text.WriteString("BT /F1 22 Tf 72 740 Td 34 TL\n")
	for i, s := range lines {
		if i == 2 {
			text.WriteString("/F1 13 Tf 22 TL\n")
		}
		fmt.Fprintf(&text, "(%s) Tj T*\n", strings.NewReplacer("(", `\(`, ")", `\)`).Replace(s))
	}
	text.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	var table strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n",
		len(objects)+1, table.String(), len(objects)+1, start)
	return out.Bytes()
}
