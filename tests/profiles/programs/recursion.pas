{ Reads a number, recurs deeply, raises and catches. }
program recursion;
{$mode objfpc}
uses sysutils, classes;
var n: longint; list: TStringList;
function deep(k: longint): int64;
begin
  if k = 0 then deep := 0 else deep := k + deep(k - 1);
end;
begin
  readln(n);
  list := TStringList.Create;
  list.Add(IntToStr(deep(n)));
  try
    StrToInt('none');
  except
    on e: EConvertError do writeln(list[0]);
  end;
  list.Free;
end.
