"""What has been brought in from archives: which record elsewhere became which row here."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import table_of


class ImportedRecord(SQLModel, table=True):
    """`external_id` of `source` is our row `local_id`. A record that is here is not brought in again."""

    __tablename__ = "imported_record"

    source: str = Field(sa_type=sa.Text, primary_key=True)
    external_id: str = Field(sa_type=sa.Text, primary_key=True)
    local_id: int = Field(sa_type=sa.BigInteger)


imported_record = table_of(ImportedRecord)
