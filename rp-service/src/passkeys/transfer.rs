//! Exporting and importing users, passkeys and second factors.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use rp_core::cose::EncodedKey;
use rp_core::{Algorithm, CredentialRecord, UserHandle, base64url};

use super::operator::Admin;
use crate::error::ServiceError;
use crate::event::Action;
use crate::factor_name::FactorName;
use crate::seal::{KeyRing, KeyRingError};
use crate::secret::Secret;
use crate::store::{
    AddPasskey, CreateUser, FactorRecord, FactorStatus, FactorVersion, Passkey, PutFactor, UserRecord,
};
use crate::transfer::{
    ExportedFactor, ExportedUser, ForeignFormat, ForeignOptions, ForeignRecordError, TransferError,
    TransferLine,
};

/// The key with which the states of second factors are encrypted in an export. `Debug` does not print it.
#[derive(Clone, Debug)]
pub struct ExportKey(KeyRing);

impl ExportKey {
    /// A key of at least [`Secret::MIN_BYTES`] bytes.
    ///
    /// # Errors
    /// [`KeyRingError::TooShort`].
    pub fn new(secret: Secret) -> Result<Self, KeyRingError> {
        KeyRing::new([secret]).map(Self)
    }
}

/// The numbers of what was exported or imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transferred {
    /// Users.
    pub users: u64,
    /// Passkeys.
    pub passkeys: u64,
    /// Second factors except passkeys.
    pub factors: u64,
    /// Users, passkeys and factors that the store had already, in the same form.
    pub skipped: u64,
}

impl Admin {
    /// Writes all users with their passkeys into a new file of its owner only (mode 0600), as lines of
    /// [`TransferLine`], in the order of the handles. With a key, the second factors follow, encrypted. There are no
    /// sessions, ceremonies, grants or keys of the service. `progress` is called with the number of users and the last
    /// handle.
    ///
    /// The file gets its name when it is complete.
    ///
    /// # Errors
    /// [`TransferError`], also if the file exists.
    pub async fn export(
        &self,
        path: &Path,
        key: Option<&ExportKey>,
        progress: impl FnMut(u64, &UserHandle),
    ) -> Result<Transferred, TransferError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let result = async {
            // The temporary file has mode 0600.
            let file = tempfile::NamedTempFile::new_in(folder)?;
            let mut out = BufWriter::new(file);
            let done = self.write_export(&mut out, key, progress).await?;
            let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            file.persist_noclobber(path).map_err(|error| error.error)?;
            Ok(done)
        };
        let result = result.await;
        let event = self.operator.event(Action::Export);
        match &result {
            Err(TransferError::Service(error)) => self.passkeys.record_error(&event, error),
            Err(_) => {}
            Ok(_) => self.passkeys.record(&event, &Ok(())),
        }
        result
    }

    async fn write_export(
        &self,
        out: &mut impl Write,
        key: Option<&ExportKey>,
        mut progress: impl FnMut(u64, &UserHandle),
    ) -> Result<Transferred, TransferError> {
        let rp_id = self.passkeys.relying_party().id().to_owned();
        write_line(out, &TransferLine::Export { version: TransferLine::VERSION, rp_id })?;
        let mut done = Transferred::default();
        let mut after = None;
        loop {
            let users = self.passkeys.users(after.as_ref(), PAGE).await?;
            let Some(last) = users.last() else { break };
            after = Some(last.handle.clone());
            for user in &users {
                write_line(out, &TransferLine::User(ExportedUser::from(user)))?;
                done.users = done.users.saturating_add(1);
                let passkeys = self.passkeys.inner.credentials.passkeys(&user.handle).await;
                for passkey in passkeys.map_err(ServiceError::from)? {
                    write_line(out, &TransferLine::Passkey(passkey.into()))?;
                    done.passkeys = done.passkeys.saturating_add(1);
                }
                let Some(key) = key else { continue };
                for factor in self.passkeys.factor_records(&user.handle).await? {
                    if factor.status == FactorStatus::Pending {
                        continue;
                    }
                    write_line(out, &TransferLine::Factor(self.exported(&factor, key)?))?;
                    done.factors = done.factors.saturating_add(1);
                }
            }
            if let Some(last) = &after {
                progress(done.users, last);
            }
        }
        let Transferred { users, passkeys, factors, .. } = done;
        write_line(out, &TransferLine::End { users, passkeys, factors })?;
        Ok(done)
    }

    fn exported(&self, factor: &FactorRecord, key: &ExportKey) -> Result<ExportedFactor, ServiceError> {
        let state = self.passkeys.unseal(factor)?;
        let context = [factor.user.as_bytes(), factor.name.as_str().as_bytes()];
        Ok(ExportedFactor::new(factor, &key.0.seal(EXPORT_PURPOSE, &context, &state)?))
    }

    /// Reads an export into the stores. The whole file is checked before anything is written. Lines that are
    /// already in the stores in the same form are skipped, so that an interrupted import can be repeated. `progress` is
    /// called with the number of lines. Each user, passkey and factor has an event.
    ///
    /// # Errors
    /// [`TransferError`].
    pub async fn import(
        &self,
        path: &Path,
        key: Option<&ExportKey>,
        mut progress: impl FnMut(u64),
    ) -> Result<Transferred, TransferError> {
        self.check_export(path, key)?;
        let mut done = Transferred::default();
        for line in Lines::open(path)? {
            let (number, text) = line?;
            let is_new = match parse_line(number, &text)? {
                TransferLine::Export { .. } | TransferLine::End { .. } => continue,
                TransferLine::User(user) => {
                    done.users = done.users.saturating_add(1);
                    self.import_user(number, user.into()).await?
                }
                TransferLine::Passkey(passkey) => {
                    done.passkeys = done.passkeys.saturating_add(1);
                    self.import_passkey(number, passkey.into(), true).await?
                }
                TransferLine::Factor(factor) => {
                    done.factors = done.factors.saturating_add(1);
                    self.import_factor(number, &factor, key).await?
                }
            };
            done.skipped = done.skipped.saturating_add(u64::from(!is_new));
            progress(u64::try_from(number).unwrap_or(u64::MAX));
        }
        Ok(done)
    }

    /// Checks that a file is a complete export for this relying party, and that the key opens its factors.
    fn check_export(&self, path: &Path, key: Option<&ExportKey>) -> Result<(), TransferError> {
        let mut counted = Transferred::default();
        let mut end = None;
        let mut is_first = true;
        for line in Lines::open(path)? {
            let (number, text) = line?;
            let wrong = |problem: &str| TransferError::Line { line: number, problem: problem.to_owned() };
            let line = parse_line(number, &text)?;
            if is_first != matches!(line, TransferLine::Export { .. }) {
                return Err(wrong("an export begins with its version, once"));
            }
            if end.is_some() {
                return Err(wrong("it is behind the end of the export"));
            }
            is_first = false;
            match line {
                TransferLine::Export { version, rp_id } => {
                    if version != TransferLine::VERSION {
                        return Err(wrong("this version of the format is not supported"));
                    }
                    if rp_id != self.passkeys.relying_party().id() {
                        return Err(wrong("the passkeys are of another RP ID"));
                    }
                }
                TransferLine::User(_) => counted.users = counted.users.saturating_add(1),
                TransferLine::Passkey(passkey) => {
                    counted.passkeys = counted.passkeys.saturating_add(1);
                    self.check_algorithm(number, &passkey.record)?;
                }
                TransferLine::Factor(factor) => {
                    counted.factors = counted.factors.saturating_add(1);
                    open_factor(number, &factor, key)?;
                }
                TransferLine::End { users, passkeys, factors } => {
                    end = Some(Transferred { users, passkeys, factors, skipped: 0 });
                }
            }
        }
        match end {
            Some(end) if end == counted => Ok(()),
            _ => Err(TransferError::Line { line: 0, problem: "the export is incomplete".into() }),
        }
    }

    /// Reads records of another library, one a line ([`ForeignFormat`]), into the stores. The whole file is checked before
    /// anything is written, also that each new user has a name that no other user has. A user who exists is not changed. A
    /// passkey that exists in the same form is skipped, so that an interrupted import can be repeated.
    ///
    /// # Errors
    /// [`TransferError`].
    pub async fn import_foreign(
        &self,
        path: &Path,
        format: ForeignFormat,
        options: &ForeignOptions,
        mut progress: impl FnMut(u64),
    ) -> Result<Transferred, TransferError> {
        let parse = |number, text: &str| {
            format.parse(text, options).map_err(|error| TransferError::Record { line: number, error })
        };
        let (mut handles, mut names) = (HashSet::new(), HashSet::new());
        for line in Lines::open(path)? {
            let (number, text) = line?;
            let imported = parse(number, &text)?;
            self.check_algorithm(number, &imported.passkey.record)?;
            let handle = imported.passkey.record.user_handle;
            if handles.contains(&handle) || self.passkeys.user(&handle).await?.is_some() {
                continue;
            }
            let user = imported.user.ok_or_else(|| unnamed(number))?;
            let is_taken = self.passkeys.user_by_name(&user.name).await?.is_some();
            if is_taken || !names.insert(user.name_key) {
                return Err(name_taken(number));
            }
            handles.insert(handle);
        }
        let mut done = Transferred::default();
        for line in Lines::open(path)? {
            let (number, text) = line?;
            let imported = parse(number, &text)?;
            let handle = &imported.passkey.record.user_handle;
            if self.passkeys.user(handle).await?.is_none() {
                self.import_user(number, imported.user.ok_or_else(|| unnamed(number))?).await?;
                done.users = done.users.saturating_add(1);
            }
            done.passkeys = done.passkeys.saturating_add(1);
            let is_new = self.import_passkey(number, imported.passkey, imported.has_created_at).await?;
            done.skipped = done.skipped.saturating_add(u64::from(!is_new));
            progress(u64::try_from(number).unwrap_or(u64::MAX));
        }
        Ok(done)
    }

    /// RS1 is for attestation statements. Credentials of it are accepted, and offered, in the `fido` profile only.
    fn check_algorithm(&self, line: usize, record: &CredentialRecord) -> Result<(), TransferError> {
        let key = EncodedKey::parse(record.public_key.as_ref());
        let is_rs1 = key.is_ok_and(|key| key.algorithm() == Ok(Algorithm::Rs1));
        if is_rs1 && !self.passkeys.relying_party().algorithms().contains(&Algorithm::Rs1) {
            let error =
                ForeignRecordError::PublicKey { problem: "RS1 is not an algorithm of this service".into() };
            return Err(TransferError::Record { line, error });
        }
        Ok(())
    }

    /// Returns whether the user is new.
    async fn import_user(&self, line: usize, user: UserRecord) -> Result<bool, TransferError> {
        let event = self.operator.event(Action::Import).user(&user.handle);
        let users = &self.passkeys.inner.users;
        let created = users.create_user(user.clone()).await.map_err(ServiceError::from);
        if let Err(error) = &created {
            self.passkeys.record_error(&event, error);
        }
        match created? {
            CreateUser::Done => {
                self.passkeys.record(&event, &Ok(()));
                Ok(true)
            }
            CreateUser::HandleTaken => {
                // An application's own table may not have the time of creation.
                let stored = self.passkeys.user(&user.handle).await?;
                let is_same =
                    stored.is_some_and(|stored| UserRecord { created_at: user.created_at, ..stored } == user);
                if is_same {
                    Ok(false)
                } else {
                    Err(TransferError::Exists { line, what: "user with this handle" })
                }
            }
            CreateUser::NameTaken => Err(name_taken(line)),
        }
    }

    /// Returns whether the passkey is new. Without `has_created_at`, its time of creation is that of the import.
    async fn import_passkey(
        &self,
        line: usize,
        passkey: Passkey,
        has_created_at: bool,
    ) -> Result<bool, TransferError> {
        let mut event = self.operator.event(Action::Import);
        event.passkey(&passkey);
        let credentials = &self.passkeys.inner.credentials;
        let added = credentials.add_passkey(passkey.clone(), None, &self.conditions()).await;
        let added = added.map_err(ServiceError::from);
        if let Err(error) = &added {
            self.passkeys.record_error(&event, error);
        }
        match added? {
            AddPasskey::Done => {
                self.passkeys.record(&event, &Ok(()));
                Ok(true)
            }
            _ => {
                let stored = self.passkeys.passkey(&passkey.record.id).await?;
                let is_same = stored.is_some_and(|stored| {
                    let created_at = if has_created_at { passkey.created_at } else { stored.created_at };
                    stored == Passkey { created_at, ..passkey }
                });
                if is_same {
                    Ok(false)
                } else {
                    Err(TransferError::Exists { line, what: "passkey with this credential ID" })
                }
            }
        }
    }

    /// Returns whether the factor is new.
    async fn import_factor(
        &self,
        line: usize,
        factor: &ExportedFactor,
        key: Option<&ExportKey>,
    ) -> Result<bool, TransferError> {
        let (name, state) = open_factor(line, factor, key)?;
        let mut event = self.operator.event(Action::Import).user(&factor.user);
        event.factor = Some(name.clone());
        let (created_at, last_used_at) = factor.times();
        let record = FactorRecord {
            user: factor.user.clone(),
            status: factor.status,
            state: self.passkeys.seal(&factor.user, &name, &state)?,
            created_at,
            last_used_at,
            version: FactorVersion::random().map_err(ServiceError::from)?,
            name,
        };
        let store = self.passkeys.factor_store()?;
        let put = store.put_factor(&record, None, None).await.map_err(ServiceError::from);
        if let Err(error) = &put {
            self.passkeys.record_error(&event, error);
        }
        if put? == PutFactor::Done {
            self.passkeys.record(&event, &Ok(()));
            return Ok(true);
        }
        let stored = store.factor(&record.user, &record.name).await.map_err(ServiceError::from)?;
        match stored {
            Some(stored) if self.passkeys.unseal(&stored)? == state => Ok(false),
            _ => Err(TransferError::Exists { line, what: "second factor of this name" }),
        }
    }
}

/// A user who does not exist has no name.
fn unnamed(line: usize) -> TransferError {
    TransferError::Line { line, problem: "the user does not exist, and the line has no username".into() }
}

fn name_taken(line: usize) -> TransferError {
    TransferError::Exists { line, what: "user with this name" }
}

/// The name and the state of a factor.
fn open_factor(
    line: usize,
    factor: &ExportedFactor,
    key: Option<&ExportKey>,
) -> Result<(FactorName, Vec<u8>), TransferError> {
    let wrong = |problem: String| TransferError::Line { line, problem };
    let key = key.ok_or_else(|| wrong("the export has second factors, and there is no key".into()))?;
    let name = FactorName::parse(&factor.name).ok_or_else(|| wrong("not the name of a factor".into()))?;
    let sealed = base64url::decode(&factor.sealed_state).map_err(|error| wrong(error.to_string()))?;
    let context = [factor.user.as_bytes(), name.as_str().as_bytes()];
    let opened = key.0.open(EXPORT_PURPOSE, &context, &sealed);
    let state = opened.map_err(|error| wrong(format!("the state of the factor: {error}")))?.plaintext;
    Ok((name, state))
}

fn write_line(out: &mut impl Write, line: &TransferLine) -> Result<(), TransferError> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

fn parse_line(line: usize, text: &str) -> Result<TransferLine, TransferError> {
    serde_json::from_str(text).map_err(|error| TransferError::Line { line, problem: error.to_string() })
}

/// The lines of a file with their numbers from 1; empty ones are left out.
struct Lines {
    reader: BufReader<File>,
    number: usize,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, TransferError> {
        Ok(Self { reader: BufReader::new(File::open(path)?), number: 0 })
    }

    fn read(&mut self) -> Result<Option<(usize, String)>, TransferError> {
        loop {
            let mut text = String::new();
            let read = self.reader.by_ref().take(MAX_LINE_BYTES).read_line(&mut text)?;
            self.number = self.number.saturating_add(1);
            if read == 0 {
                return Ok(None);
            }
            if !text.ends_with('\n') && u64::try_from(read).unwrap_or(u64::MAX) >= MAX_LINE_BYTES {
                return Err(TransferError::Line {
                    line: self.number,
                    problem: "the line is too long".into(),
                });
            }
            if !text.trim().is_empty() {
                return Ok(Some((self.number, text)));
            }
        }
    }
}

impl Iterator for Lines {
    type Item = Result<(usize, String), TransferError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// The purpose of the sealed states of factors in an export.
const EXPORT_PURPOSE: &str = "rp exported factor";

/// The number of users that are read at once.
const PAGE: u32 = 1_000;

/// Longer than any passkey: an attestation object has up to 16 KiB, in base64url.
const MAX_LINE_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a file with this text, up to ten.
    fn lines(text: &str) -> Result<Vec<(usize, String)>, TransferError> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(text.as_bytes())?;
        Lines::open(file.path())?.take(10).collect()
    }

    #[test]
    fn lines_are_counted_from_1_and_empty_ones_left_out() {
        let read = lines("one\n\n \t\nfour\r\nfive").unwrap();
        let expected = [(1, "one\n"), (4, "four\r\n"), (5, "five")];
        assert_eq!(read, expected.map(|(number, text)| (number, text.to_owned())));
        assert_eq!(lines("").unwrap(), []);
        assert_eq!(lines("\n\n").unwrap(), []);
    }

    #[test]
    fn a_line_is_shorter_than_a_mebibyte() {
        let line = "x".repeat((1 << 20) - 1);
        for text in [line.clone(), format!("{line}\n"), format!("{line}\n{line}\n")] {
            assert!(lines(&text).unwrap().iter().all(|(_, read)| read.trim_end() == line));
        }
        for (text, number) in
            [(format!("{line}x"), 1), (format!("{line}x\n"), 1), (format!("\n{line}\n{line}x"), 3)]
        {
            let Err(TransferError::Line { line, problem }) = lines(&text) else { panic!("line {number}") };
            assert_eq!((line, problem.as_str()), (number, "the line is too long"));
        }
    }
}
