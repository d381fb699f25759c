package bff

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

func stamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil || t.IsZero() {
		return nil
	}
	return timestamppb.New(*t)
}

func mePB(a store.AccountRow, last store.LastApplicationRow) *bffpb.MeResponse {
	me := &bffpb.MeResponse{
		AccountId: a.AccountID.String(), Email: a.Email, Name: a.Name, Profession: a.Profession, Speciality: a.Speciality,
		LicenceNumber: a.LicenceNumber, Country: a.Country, Language: a.Language, Zone: a.Zone, State: a.State,
		CreatedAt: timestamppb.New(a.CreatedAt), DecidedAt: stamp(last.DecidedAt), SubmittedAt: stamp(&last.SubmittedAt), FileName: last.FileName,
	}
	if last.State == "rejected" {
		me.Rejection = last.Reason
	}
	return me
}

func applicationPB(row store.DatamanagementBffApplication) *bffpb.Application {
	return &bffpb.Application{
		Id: row.ApplicationID.String(), AccountId: row.AccountID.String(), Name: row.Name, Email: row.Email, Profession: row.Profession,
		Speciality: row.Speciality, LicenceNumber: row.LicenceNumber, Country: row.Country, State: row.State,
		SubmittedAt: timestamppb.New(row.SubmittedAt), FileName: row.FileName, MediaType: row.MediaType, Size: row.Size,
		RegistryState: row.RegistryState, RegistryAnswer: registryPB(row), RegistryFlags: row.RegistryFlags, DecidedAt: stamp(row.DecidedAt),
		ReviewerName: row.ReviewerName, Reason: row.Reason, EmailConfirmed: row.EmailConfirmed,
	}
}

func registryPB(row store.DatamanagementBffApplication) *bffpb.RegistryAnswer {
	var p person
	if row.RegistryState != "found" || json.Unmarshal(row.RegistryAnswer, &p) != nil {
		return nil
	}
	return &bffpb.RegistryAnswer{Name: p.Name, Profession: p.Profession, Speciality: p.Speciality, ValidUntil: p.ValidUntil}
}
